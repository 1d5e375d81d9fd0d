"""Ids of posts, as the networks make them."""

from __future__ import annotations

CODE = "DPx4kQmjR2s"
VIDEO = "dQw4w9WgXcQ"
TWEET = "1850000000000000001"
PFBID = "pfbid02AbCdEf123456789"
