"""Samples of every kind of message that Telegram sends, service messages included."""

from __future__ import annotations

from tests.flows.updates import Json, person, private

_FILE: Json = {"file_id": "f", "file_unique_id": "u"}
_SIZED = _FILE | {"width": 1, "height": 1}
_PLACE: Json = {"latitude": 50.45, "longitude": 30.52}
_CHANNEL: Json = {"id": -1001, "type": "channel", "title": "Канал", "username": "channel"}

PHOTO: Json = {"photo": [_SIZED]}

SAID: dict[str, Json] = {
    "text": {"text": "I need help with my order"},
    "photo": PHOTO,
    "photo with words": PHOTO | {"caption": "дивіться"},
    "video": {"video": _SIZED | {"duration": 1}},
    "animation": {"animation": _SIZED | {"duration": 1}, "document": _FILE},
    "audio": {"audio": _FILE | {"duration": 1}},
    "document": {"document": _FILE},
    "sticker": {"sticker": _SIZED | {"type": "regular", "is_animated": False, "is_video": False}},
    "voice": {"voice": _FILE | {"duration": 1}},
    "video note": {"video_note": _FILE | {"length": 1, "duration": 1}},
    "contact": {"contact": {"phone_number": "380", "first_name": "О"}},
    "location": {"location": _PLACE},
    "venue": {"venue": {"location": _PLACE, "title": "Т", "address": "А"}, "location": _PLACE},
    "dice": {"dice": {"emoji": "🎲", "value": 1}},
    "poll": {
        "poll": {
            "id": "1", "question": "?", "options": [], "total_voter_count": 0, "is_closed": False,
            "is_anonymous": True, "type": "regular", "allows_multiple_answers": False,
            "allows_revoting": False, "members_only": False,
        }
    },
    "game": {"game": {"title": "Г", "description": "Г", "photo": [_SIZED]}},
    "paid media": {"paid_media": {"star_count": 1, "paid_media": [{"type": "preview"}]}},
    "private story": {"story": {"chat": _CHANNEL | {"username": None}, "id": 3}},
    "giveaway": {
        "giveaway": {"chats": [_CHANNEL], "winners_selection_date": 1_790_000_000, "winner_count": 1}
    },
    "invented later": {"hologram": {"id": 1}},
    "paid media of a later kind": {"paid_media": {"star_count": 1, "paid_media": [{"type": "hologram"}]}},
    "forwarded from a later kind of place": {"text": "слова", "forward_origin": {"type": "hologram"}},
}  # fmt: skip

LINES: dict[str, Json] = {
    "joined": {"new_chat_members": [person()]},
    "left": {"left_chat_member": person()},
    "title": {"new_chat_title": "Т"},
    "pinned": {"pinned_message": {"message_id": 1, "date": 0, "chat": private()}},
    "timer": {"message_auto_delete_timer_changed": {"message_auto_delete_time": 86400}},
    "background": {"chat_background_set": {"type": {"type": "chat_theme", "theme_name": "🏠"}}},
    "may write": {"write_access_allowed": {"from_request": True}},
    "giveaway created": {"giveaway_created": {}},
}


def forwarded(message_id: int = 7, **channel: str | None) -> Json:
    """The part of a message that says from which post of a channel it was forwarded."""
    origin = {"type": "channel", "date": 1, "chat": _CHANNEL | channel, "message_id": message_id}
    return {"forward_origin": origin}


def hidden(text: str, url: str, words: str) -> Json:
    """A text some words of which are a link; offsets are counted in UTF-16 units, as Telegram does."""
    before = text[: text.index(words)]
    offset, length = (len(part.encode("utf-16-le")) // 2 for part in (before, words))
    return {"entities": [{"type": "text_link", "offset": offset, "length": length, "url": url}]}
