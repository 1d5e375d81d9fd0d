"""Photos, documents and albums: uploads are kept in memory, addresses on the web are never fetched."""

from __future__ import annotations

import secrets
import struct
from typing import Any

from sandbox.telegram.errors import bad_request
from sandbox.telegram.methods.messages import entities_part, inline_part
from sandbox.telegram.methods.registry import Call, method
from sandbox.telegram.params import Params, Upload
from sandbox.telegram.state import StoredFile
from sandbox.telegram.texts import message_caption

ALBUM_SIZE = (2, 10)
JPEG_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def received_file(call: Call, params: Params, field: str) -> StoredFile:
    """The file of a call: an upload, or the file_id of an earlier one. Raises ApiError 400."""
    upload = params.upload(field) or call.params.upload(
        str(params.values.get(field, "")).removeprefix("attach://")
    )
    if isinstance(upload, Upload):
        if not upload.content:
            raise bad_request("file must be non-empty")
        return call.service.world.store_file(upload.name, upload.content_type, upload.content)
    reference = params.text(field)
    if not reference:
        raise bad_request(f"there is no {field} in the request")
    if reference not in call.service.world.files:
        raise bad_request("wrong file identifier/HTTP URL specified")
    return call.service.world.files[reference]


def image_size(content: bytes) -> tuple[int, int]:
    """Width and height of a PNG or JPEG. Raises ApiError 400 for anything else."""
    if content.startswith(PNG_SIGNATURE) and len(content) >= 24:
        width, height = struct.unpack(">II", content[16:24])
        return int(width), int(height)
    position = 2
    while content.startswith(b"\xff\xd8") and position + 9 < len(content) and content[position] == 0xFF:
        marker, length = content[position + 1], int.from_bytes(content[position + 2 : position + 4], "big")
        if marker in JPEG_FRAMES:
            height, width = struct.unpack(">HH", content[position + 5 : position + 9])
            return int(width), int(height)
        position += 2 + length
    raise bad_request("IMAGE_PROCESS_FAILED")


def photo_part(call: Call, params: Params, field: str) -> dict[str, Any]:
    """The `photo` field of a message."""
    stored = received_file(call, params, field)
    width, height = image_size(stored.content)
    return {"photo": [{**stored.api(), "width": width, "height": height}]}


def document_part(call: Call, params: Params, field: str) -> dict[str, Any]:
    """The `document` field of a message."""
    stored = received_file(call, params, field)
    return {"document": {**stored.api(), "file_name": stored.name, "mime_type": stored.content_type}}


def caption_part(params: Params) -> dict[str, Any]:
    """Caption and its entities, left out when empty."""
    caption, entities = message_caption(params)
    return ({"caption": caption} if caption else {}) | entities_part("caption_entities", entities)


def send_medium(call: Call, medium: dict[str, Any]) -> dict[str, Any]:
    """Post one medium with caption and keyboard."""
    chat = call.service.writable_chat(call.params)
    content = {**medium, **caption_part(call.params), **inline_part(call)}
    call.service.admit(chat, call.params)
    message = call.service.post(chat, call.params, content)
    call.note["result_message_id"] = message.id
    return message.api


@method("sendPhoto")
async def send_photo(call: Call) -> dict[str, Any]:
    """A photo (PNG or JPEG)."""
    call.service.writable_chat(call.params)
    return send_medium(call, photo_part(call, call.params, "photo"))


@method("sendDocument")
async def send_document(call: Call) -> dict[str, Any]:
    """A file."""
    call.service.writable_chat(call.params)
    return send_medium(call, document_part(call, call.params, "document"))


@method("sendMediaGroup")
async def send_media_group(call: Call) -> list[dict[str, Any]]:
    """An album of photos, or of documents."""
    chat = call.service.writable_chat(call.params)
    items = call.params.json("media")
    if not isinstance(items, list) or not ALBUM_SIZE[0] <= len(items) <= ALBUM_SIZE[1]:
        raise bad_request("media group must include 2-10 items")
    contents = []
    for item in items:
        if not isinstance(item, dict) or item.get("type") not in {"photo", "document"}:
            raise bad_request("can't parse InputMedia: Unsupported type specified")
        params = Params(item)
        part = photo_part if item["type"] == "photo" else document_part
        contents.append({**part(call, params, "media"), **caption_part(params)})
    call.service.admit(chat, call.params, count=len(contents))
    album = {"media_group_id": str(secrets.randbits(60))}
    messages = [call.service.post(chat, call.params, album | content) for content in contents]
    call.note["result_message_id"] = messages[0].id
    return [message.api for message in messages]


@method("getFile")
async def get_file(call: Call) -> dict[str, Any]:
    """Return where a file can be downloaded: `/file/bot<token>/<file_path>`."""
    stored = call.service.world.files.get(call.params.text("file_id"))
    if stored is None:
        raise bad_request("invalid file_id" if call.params.has("file_id") else "file_id not specified")
    return {**stored.api(), "file_path": f"documents/{stored.file_id}"}
