"""Posts: a clear sentence for every wrong link, quota counted once, the dialogue kept until it is over."""

from __future__ import annotations

import json

import pytest
import redis

from socialboost import dialogues, jobs
from tests.flows.shop.world import Buyer, Shop, wait_until

LINK = "https://t.me/durov/1"


def used_today(shop: Shop, buyer: Buyer) -> int:
    return int(
        shop.value(
            "SELECT count(*) FROM posts p JOIN users u ON u.id = p.user_id WHERE u.telegram_id = %s", buyer.id
        )
    )


def begin_dialogue(shop: Shop, buyer: Buyer, name: str) -> None:
    """What the bot writes when a platform was chosen."""
    with redis.Redis.from_url(shop.redis_url) as client:
        client.set(dialogues.state_key(buyer.id, buyer.id), dialogues.WAITING_POST_URL)
        client.set(
            dialogues.data_key(buyer.id, buyer.id), json.dumps({"platform": "telegram", "dialogue": name})
        )


def dialogue(shop: Shop, buyer: Buyer) -> bytes | None:
    with redis.Redis.from_url(shop.redis_url) as client:
        value: bytes | None = client.get(dialogues.state_key(buyer.id, buyer.id))
        return value


def test_without_a_package_no_link_is_asked_for(shop: Shop, buyer: Buyer) -> None:
    buyer.do(jobs.ShowPlatforms)
    buyer.read("немає активного пакета")
    shop.wait_for_job(buyer.add_post(LINK).key)
    buyer.read("немає активного пакета")
    assert used_today(shop, buyer) == 0


def test_platform_then_link_then_what_is_left(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    buyer.do(jobs.ShowPlatforms)
    buyer.read("Оберіть платформу")
    buyer.do(jobs.AskPostLink, platform="telegram")
    buyer.read("Надішліть посилання")
    begin_dialogue(shop, buyer, "tg:7")
    job = buyer.add_post("http://telegram.me/Durov/1?single", dialogue="tg:7")
    shop.wait_for_job(job.key)
    accepted = buyer.read("✅ Пост успішно додано")
    assert "https://t.me/durov/1" in accepted["text"]
    assert "1 пост із 2" in accepted["text"]
    assert dialogue(shop, buyer) is None


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("https://example.com/post/1", "telegram"),
        ("https://t.me/c/123/4", "telegram"),
        ("https://t.me/durov/s/4", "telegram"),
        ("https://t.me.evil.example/durov/4", "telegram"),
        ("https://www.instagram.com/p/DPx4kQmjR2s/", "telegram"),
        ("", "telegram"),
        ("a" * 4096, "telegram"),
        ("просто текст", "youtube"),
        ("https://vm.tiktok.com/ZM1/", "tiktok"),
    ],
)
def test_a_wrong_link_gets_one_sentence_and_uses_no_quota(
    shop: Shop, buyer: Buyer, text: str, platform: str
) -> None:
    begin_dialogue(shop, buyer, "tg:8")
    job = buyer.add_post(text, platform, dialogue="tg:8")
    shop.wait_for_job(job.key)
    buyer.read("Денний ліміт не витрачено")
    assert used_today(shop, buyer) == 0
    assert dialogue(shop, buyer) is not None, "the next message is read as a link again"


def test_the_limit_of_the_day(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("mini")
    sent = [buyer.add_post(f"https://t.me/durov/{number}") for number in range(1, 6)]
    for job in sent:
        shop.wait_for_job(job.key)
    assert used_today(shop, buyer) == 1
    assert buyer.count("✅ Пост успішно додано") == 1
    assert buyer.count("Ліміт на сьогодні вичерпано") == 4
    buyer.do(jobs.ShowPlatforms)
    wait_until(lambda: "Ліміт на сьогодні" in buyer.newest()["text"], "the limit")


def test_the_same_post_twice_a_day(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    for link in (LINK, "https://t.me/durov/1?single"):
        shop.wait_for_job(buyer.add_post(link).key)
    buyer.read("вже додали")
    assert used_today(shop, buyer) == 1


def test_a_redelivered_message_is_one_post(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    job = buyer.add_post(LINK)
    for _ in range(4):
        jobs.send(job)
    shop.wait_for_job(job.key)
    shop.wait_for_job(f"task:{buyer.task_of(LINK)}")
    assert used_today(shop, buyer) == 1
    assert buyer.count("✅ Пост успішно додано") == 1


def test_a_repeated_attempt_gives_the_first_answer(shop: Shop, buyer: Buyer) -> None:
    """The post was taken and Telegram's answer was lost: the quota is not used a second time."""
    buyer.buy("plus")
    with shop.fault(shop.telegram, kind="lose_answer", method="sendMessage", chat_id=buyer.id, times=1):
        job = buyer.add_post(LINK)
        wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "done", "the second attempt")
    assert used_today(shop, buyer) == 1
    assert shop.job(job.key)["attempts"] == 2
    assert "1 пост із 2" in buyer.newest()["text"]


def test_a_dialogue_begun_meanwhile_is_not_ended(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    begin_dialogue(shop, buyer, "tg:newer")
    shop.wait_for_job(buyer.add_post(LINK, dialogue="tg:older").key)
    buyer.read("✅ Пост успішно додано")
    assert dialogue(shop, buyer) is not None
