"""Tests of posts: a clear answer to each wrong link, quota counted once, the dialogue stays open."""

from __future__ import annotations

import json

import pytest
import redis

from socialboost import jobs
from socialboost.chat import dialogues
from tests.flows.shop.world import Buyer, Shop, wait_until

LINK = "https://t.me/durov/1"


def used_today(shop: Shop, buyer: Buyer) -> int:
    return int(
        shop.value(
            "SELECT count(*) FROM posts p JOIN users u ON u.id = p.user_id WHERE u.telegram_id = %s", buyer.id
        )
    )


def begin_dialogue(shop: Shop, buyer: Buyer, name: str) -> None:
    """Choose a platform and send a link. Returns the bot's answer."""
    with redis.Redis.from_url(shop.redis_url) as client:
        client.set(dialogues.state_key(buyer.id, buyer.id), dialogues.PROCESSING_POST)
        client.set(
            dialogues.data_key(buyer.id, buyer.id), json.dumps({"platform": "telegram", "dialogue": name})
        )


def dialogue(shop: Shop, buyer: Buyer) -> bytes | None:
    with redis.Redis.from_url(shop.redis_url) as client:
        value: bytes | None = client.get(dialogues.state_key(buyer.id, buyer.id))
        return value


def test_a_person_without_a_package_is_not_asked_for_a_link(shop: Shop, buyer: Buyer) -> None:
    buyer.do(jobs.ShowPlatforms)
    buyer.read("немає активного пакета")
    shop.wait_for_job(buyer.add_post(LINK).key)
    buyer.read("немає активного пакета")
    assert used_today(shop, buyer) == 0


def test_a_person_chooses_a_platform_sends_a_link_and_sees_the_rest_of_the_limit(
    shop: Shop, buyer: Buyer
) -> None:
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
    assert "1 пост з 2" in accepted["text"]
    assert dialogue(shop, buyer) is None


@pytest.mark.parametrize(
    ("text", "platform"),
    [
        ("https://example.com/post/1", "telegram"),
        ("https://t.me/c/123/4", "telegram"),
        ("https://t.me/durov/s/4", "telegram"),
        ("https://t.me.evil.example/durov/4", "telegram"),
        ("https://www.instagram.com/stories/me/1/", "telegram"),
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
    assert dialogue(shop, buyer) == dialogues.WAITING_POST_URL.encode(), "the next message is read as a link"


def test_a_post_above_the_daily_limit_is_refused(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("mini")
    sent = [buyer.add_post(f"https://t.me/durov/{number}") for number in range(1, 6)]
    for job in sent:
        shop.wait_for_job(job.key)
    assert used_today(shop, buyer) == 1
    assert buyer.count("✅ Пост успішно додано") == 1
    assert buyer.count("Ліміт на сьогодні вичерпано") == 4
    buyer.do(jobs.ShowPlatforms)
    wait_until(lambda: "Ліміт на сьогодні" in buyer.newest()["text"], "the limit")


def test_the_same_post_is_refused_a_second_time_on_one_day(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    for link in (LINK, "https://t.me/durov/1?single"):
        shop.wait_for_job(buyer.add_post(link).key)
    buyer.read("вже додали")
    assert used_today(shop, buyer) == 1


def test_a_refused_link_does_not_undo_a_tap_made_meanwhile(shop: Shop, buyer: Buyer) -> None:
    begin_dialogue(shop, buyer, "tg:9")
    with redis.Redis.from_url(shop.redis_url) as client:
        client.set(dialogues.state_key(buyer.id, buyer.id), dialogues.MAIN_MENU)
    shop.wait_for_job(buyer.add_post("слова", dialogue="tg:9").key)
    assert dialogue(shop, buyer) == dialogues.MAIN_MENU.encode()


def test_the_platform_of_the_link_wins_over_the_chosen_one(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    shop.wait_for_job(buyer.add_post("https://www.instagram.com/p/DPx4kQmjR2s/", "telegram").key)
    accepted = buyer.read("✅ Пост успішно додано")
    assert "Instagram" in accepted["text"]
    assert "https://www.instagram.com/p/DPx4kQmjR2s/" in accepted["text"]


def test_an_unrequested_link_is_taken_and_ends_no_dialogue(shop: Shop, buyer: Buyer) -> None:
    shop.wait_for_job(buyer.add_post(f"Дивись: {LINK}", "").key)
    buyer.read("немає активного пакета")
    buyer.buy("plus")
    begin_dialogue(shop, buyer, "tg:10")
    shop.wait_for_job(buyer.add_post(f"Дивись: {LINK}", "").key)
    buyer.read("✅ Пост успішно додано")
    assert dialogue(shop, buyer) == dialogues.PROCESSING_POST.encode()
    shop.wait_for_job(buyer.add_post("https://t.me/c/1/2", "").key)
    assert "закритий пост" in buyer.newest()["text"]


def test_several_links_in_one_message_become_posts_in_order_with_one_answer(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    begin_dialogue(shop, buyer, "tg:11")
    text = f"{LINK}\nhttps://x.com/a/status/5 https://t.me/c/1/2 https://youtu.be/dQw4w9WgXcQ"
    before = len(buyer.messages())
    job = buyer.add_post(text, dialogue="tg:11")
    for _ in range(2):
        jobs.send(job)
    shop.wait_for_job(job.key)
    answer = buyer.read("✅ Пост успішно додано: 2 з 4")["text"]
    lines = [line for line in answer.splitlines() if line[:1].isdigit()]
    assert [line[:4] for line in lines] == ["1. ✅", "2. ✅", "3. ❌", "4. ❌"]
    assert "закритий" in lines[2]
    assert "ліміт" in lines[3]
    assert "https://www.youtube.com/watch?v=dQw4w9WgXcQ" in lines[3]
    assert len(buyer.messages()) == before + 1
    rows = shop.rows(
        "SELECT p.platform, p.request_id FROM posts p JOIN users u ON u.id = p.user_id"
        " WHERE u.telegram_id = %s ORDER BY p.quota_used",
        buyer.id,
    )
    prefix = job.key.rpartition(":")[0]
    assert [(row["platform"], row["request_id"]) for row in rows] == [
        ("telegram", f"{prefix}:0"),
        ("x", f"{prefix}:1"),
    ]
    assert dialogue(shop, buyer) is None
    for number in (0, 1):
        shop.wait_for_job(f"task:{buyer.task_of([LINK, 'https://x.com/a/status/5'][number])}")


def test_links_above_the_limit_of_a_message_are_reported(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    text = " ".join(f"https://t.me/durov/{number}" for number in range(1, 30))
    shop.wait_for_job(buyer.add_post(text).key)
    answer = buyer.read("✅ Пост успішно додано: 2 з 20")["text"]
    assert "решту надішліть" in answer
    assert "durov/21" not in answer


@pytest.mark.parametrize(("platform", "names", "canonical"), [
    ("x", ["x.com/a/status/{0}", "x.com/i/status/{0}", "https://twitter.com/b/status/{0}?s=20"],
     "https://x.com/a/status/185000000000000001"),
    ("threads", ["threads.net/@u/post/DPx4kQmjR2s", "threads.com/t/DPx4kQmjR2s"],
     "https://www.threads.com/@u/post/DPx4kQmjR2s"),
    ("facebook", ["facebook.com/reel/{0}", "facebook.com/watch?v={0}", "facebook.com/page/videos/{0}"],
     "https://www.facebook.com/reel/185000000000000001"),
])  # fmt: skip
def test_a_post_sent_by_another_link_is_recognised(
    shop: Shop, buyer: Buyer, platform: str, names: list[str], canonical: str
) -> None:
    buyer.buy("plus")
    for name in names:
        shop.wait_for_job(buyer.add_post(name.format("185000000000000001"), platform).key)
    assert used_today(shop, buyer) == 1
    assert buyer.count("✅ Пост успішно додано") == 1
    assert buyer.count("вже додали") == len(names) - 1
    assert buyer.count("веде на той самий пост") == len(names) - 1
    assert buyer.count(canonical) == len(names)


def test_above_the_hourly_rate_a_person_is_told_when_the_next_post_is_possible(
    shop: Shop, buyer: Buyer
) -> None:
    """RATE_LIMIT_ADD_POST is 10/hour."""
    buyer.buy("plus")
    user_id = shop.value("SELECT id FROM users WHERE telegram_id = %s", buyer.id)
    shop.database.execute("UPDATE orders SET posts_per_day = 50 WHERE user_id = %s", [user_id])
    twelve = " ".join(f"https://t.me/durov/{number}" for number in range(1, 13))
    shop.wait_for_job(buyer.add_post(twelve).key)
    assert used_today(shop, buyer) == 10
    listed = buyer.read("✅ Пост успішно додано: 10 з 12")["text"]
    shop.wait_for_job(buyer.add_post("https://t.me/durov/11").key)
    refused = buyer.read("Забагато постів")["text"]
    next_at = shop.value(
        "SELECT date_trunc('minute', min(created_at) + interval '1 hour 59.999999 seconds')"
        " AT TIME ZONE 'Europe/Kyiv' FROM posts WHERE user_id = %s",
        user_id,
    )
    moment = f"{next_at:%d.%m.%Y, %H:%M} ("
    assert moment in refused
    assert listed.count(moment) == 2
    assert "https://t.me/durov/11" in refused
    shop.database.execute(
        "UPDATE posts SET created_at = created_at - interval '1 hour' WHERE user_id = %s", [user_id]
    )
    shop.wait_for_job(buyer.add_post("https://t.me/durov/11").key)
    assert used_today(shop, buyer) == 11


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
    """The post was accepted and Telegram's answer was lost. The quota is not used twice."""
    buyer.buy("plus")
    with shop.fault(shop.telegram, kind="lose_answer", method="sendMessage", chat_id=buyer.id, times=1):
        job = buyer.add_post(LINK)
        wait_until(lambda: shop.hurry() or shop.job(job.key).get("state") == "done", "the second attempt")
    assert used_today(shop, buyer) == 1
    assert shop.job(job.key)["attempts"] == 2
    assert "1 пост з 2" in buyer.newest()["text"]


def test_a_dialogue_that_began_meanwhile_is_not_ended(shop: Shop, buyer: Buyer) -> None:
    buyer.buy("plus")
    begin_dialogue(shop, buyer, "tg:newer")
    shop.wait_for_job(buyer.add_post(LINK, dialogue="tg:older").key)
    buyer.read("✅ Пост успішно додано")
    assert dialogue(shop, buyer) is not None
