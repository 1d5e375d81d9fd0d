## broadcasts.py
broadcast-compose =
    📢 <b>Нова розсилка</b>

    Надішліть повідомлення, яке мають отримати люди: текст з оформленням або одне фото, відео, документ тощо. Розсилка піде лише після вашого підтвердження.
broadcast-segments = 👥 <b>Кому надіслати?</b>
broadcast-segment-all = Усім
broadcast-segment-active = Мають активний пакет
broadcast-segment-expired = Пакет закінчився
broadcast-segment-never_bought = Ще не купували
broadcast-segment-language = Мова: { $language }
broadcast-segment-seen_7 = Заходили за 7 днів
broadcast-segment-seen_30 = Заходили за 30 днів
broadcast-segment-seen_90 = Заходили за 90 днів
broadcast-confirmation =
    👆 <b>Так це побачать люди</b>

    Кому: { $segment }
    Отримувачів: <b>{ $count }</b>
    Триватиме приблизно: { $duration }
broadcast-ask-buttons =
    🔗 <b>Кнопки під повідомленням</b>

    Надішліть до 10 рядків у форматі
    <code>Назва - https://example.com</code>
    Один рядок — одна кнопка. Рядок <code>-</code> прибирає кнопки.
broadcast-ask-time =
    🕒 <b>Коли надіслати?</b>

    Час у поясі { $zone }, наприклад
    <code>24.12.2026 18:00</code>
broadcast-empty_text = ❌ У цьому повідомленні немає чого розсилати. Надішліть текст, фото, відео або документ.
broadcast-album = ❌ Альбом розіслати не можна. Надішліть одне фото чи відео з підписом або лише текст.
broadcast-bad_buttons = ❌ Кнопки не прийнято. Потрібно від 1 до 10 рядків у форматі <code>Назва - https://example.com</code>, лише https.
broadcast-bad_time = ❌ Не вдалося прочитати час. Приклад: <code>24.12.2026 18:00</code>
broadcast-past_time = ❌ Цей час уже минув або настане більш ніж за рік. Надішліть інший.
broadcast-no_draft = ❌ Ця розсилка вже не чернетка, змінити її не можна.
broadcast-refused =
    ❌ <b>Telegram не приймає це повідомлення</b>

    <code>{ $reason }</code>

    Нікому нічого не надіслано. Створіть розсилку ще раз.
broadcast-card =
    📢 <b>Розсилка: { $status }</b>

    Кому: { $segment }
    Отримувачів на момент підтвердження: { $count }
broadcast-moved = 📢 Картка цієї розсилки тепер в іншому повідомленні.
broadcast-reason = Причина: <code>{ $reason }</code>
broadcast-reason-telegram_away = ⏳ Telegram зараз недоступний, розсилка продовжиться сама. <code>{ $detail }</code>
broadcast-reason-refuses_us = ⏳ Telegram відмовляє боту: перевірте { $detail }. Після цього розсилка продовжиться сама.
broadcast-reason-mostly_refused = Причина: відмов серед перших відповідей Telegram - { $detail }. Перевірте повідомлення й отримувачів; розсилку можна продовжити або скасувати.
broadcast-reason-restored = ⏸ Базу даних відновлено з копії: дехто з отримувачів, можливо, вже отримав це повідомлення. Продовжте розсилку або скасуйте її.
broadcast-when = 🕒 Почнеться: { $moment }
broadcast-counts =
    📨 У списку: { $recipients }
    ✔️ Надіслано: { $sent }
    🚫 Недоступні: { $blocked }
    ⚠️ Відмовлено: { $failed }
    ❔ Невідомо, чи надійшло: { $unknown }
    ⏭ Пропущено: { $skipped }
broadcast-left = ⏳ Залишилося: { $duration } (зараз { $rate }/с)
broadcast-duration-moment = менше хвилини
broadcast-duration-minutes = { $minutes } хв
broadcast-duration-hours = { $hours } год { $minutes } хв
broadcast-status-draft = чернетка
broadcast-status-scheduled = заплановано
broadcast-status-running = триває
broadcast-status-paused = на паузі
broadcast-status-completed = завершено
broadcast-status-cancelled = скасовано
broadcast-status-failed = зупинено через помилку
broadcast-list = 📋 <b>Розсилки</b>
button-broadcast-entry = { $moment } · { $status }
button-broadcast-newer = ◀️ Новіші
button-broadcast-older = Старіші ▶️
button-broadcast-new = ➕ Нова розсилка
button-broadcast-list = 📋 Усі розсилки
button-broadcast-back = ◀️ До розсилки
button-broadcast-send = 🚀 Надіслати зараз
button-broadcast-buttons = 🔗 Кнопки
button-broadcast-time = 🕒 Запланувати
button-broadcast-continue = ▶️ Продовжити
button-broadcast-refresh = 🔄 Оновити
button-broadcast-pause = ⏸ Пауза
button-broadcast-resume = ▶️ Продовжити розсилку
button-broadcast-cancel = ❌ Скасувати розсилку
button-admin-broadcast = 🔔 Розсилка
