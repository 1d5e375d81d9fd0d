### Усі тексти, які бачить людина, українською. Розділи йдуть за модулями socialboost/screens/.
### Значення { $… } приходять уже екранованими; <b>, <i>, <code> — розмітка Telegram (HTML).
### Ключі та змінні в усіх мовах однакові: це перевіряє tests/unit/test_locales.py.

## Спільне

moment = { $day }.{ $month }.{ $year }, { $hour }:{ $minute } ({ $zone })
posts =
    { $count ->
        [one] { $count } пост
        [few] { $count } пости
       *[many] { $count } постів
    }
posts-of-limit =
    { $count ->
        [one] { $count } пост
        [few] { $count } пости
       *[many] { $count } постів
    } з { $limit }
button-menu = « Назад до меню
button-packages = 📦 Вибрати пакет
button-add-post = 🔗 Додати пост
button-stats = 📊 Моя статистика
button-support = ⚙️ Підтримка
button-cancel = ✖️ Скасувати
platform-telegram = Telegram
platform-instagram = Instagram
platform-tiktok = TikTok
platform-youtube = YouTube
platform-x = X (Twitter)
platform-facebook = Facebook
platform-threads = Threads
button-platform-telegram = ✈️ Telegram
button-platform-instagram = 📸 Instagram
button-platform-tiktok = 🎵 TikTok
button-platform-youtube = ▶️ YouTube
button-platform-x = ✖️ X (Twitter)
button-platform-facebook = 📘 Facebook
button-platform-threads = 🧵 Threads

## menu.py

welcome =
    🚀 Вітаємо в SocialBoost Bot!

    Оберіть пакет для просування ваших постів:
menu =
    🏠 <b>Головне меню</b>

    Оберіть дію:
menu-package =
    📦 Ваш пакет: <b>{ $package }</b>
    📅 Діє до: { $until }
    🔗 Залишилося сьогодні: { posts-of-limit }
waiting-package = ⏭ далі: { $package } до { $until }
waiting-more = ⏭ …
languages =
    🌐 <b>Мова</b>

    Оберіть мову бота:
unknown =
    🤔 Не вдалося розпізнати запит.

    Можливо, кнопка застаріла. Скористайтеся меню:
start-first =
    👋 Спершу надішліть /start — і можна починати.
command-start = Головне меню
command-help = Довідка
command-privacy = Які дані ми зберігаємо
command-paysupport = Питання щодо оплати

## packages.py

packages =
    📦 <b>Пакети просування</b>

    Кожен пакет діє 30 днів. Оберіть пакет, щоб побачити умови:
packages-none =
    📦 <b>Пакети просування</b>

    Зараз немає пакетів у продажу. Завітайте, будь ласка, пізніше.
category-starter = ━━━ ⭐ STARTER ━━━
category-professional = ━━━ 🔥 PROFESSIONAL ━━━
category-enterprise = ━━━ 🚀 ENTERPRISE ━━━
category-other = ━━━ 📦 { $category } ━━━
category-none = ━━━ 📦 ІНШІ ━━━
button-package-starter = 🥉 { $package } - { $price }
button-package-professional = 🥈 { $package } - { $price }
button-package-enterprise = 🥇 { $package } - { $price }
button-package-other = 🏅 { $package } - { $price }
package =
    📦 <b>{ $package }</b>

    💰 Ціна: <b>{ $price }</b>
    📅 Строк дії: 30 днів
    🔗 Щодня: { posts }
package-ranges = 📈 Орієнтир на один пост:
package-views = 👁 Перегляди: { $range }
package-reactions = ❤️ Реакції: { $range }
package-comments = 💬 Коментарі: { $range }
package-reposts = 🔁 Репости: { $range }
package-extends = ♻️ Цей пакет у вас уже діє: нова оплата додасть ще 30 днів.
package-switches = 🔄 Новий пакет почне діяти одразу, а дні, що лишилися в «{ $package }», продовжаться після нього.
smaller-posts = ⬇️ Постів на день менше: { $new } замість { $now }
smaller-price = ⬇️ Ціна менша: { $new } замість { $now }
package-gone =
    📦 Цього пакета вже немає в продажу.

    Оберіть, будь ласка, інший:
button-order = 🛒 Замовити за { $price }
button-packages-back = « До пакетів

## orders.py

order-card =
    🧾 <b>Ваше замовлення</b>

    📦 Пакет: <b>{ $package }</b>
    💰 Ціна: <b>{ $price }</b>
    💳 До сплати: <b>{ $crypto }</b> через CryptoBot
    ⏳ Оплатити можна до: { $until }
    🆔 <code>{ $order }</code>
order-smaller = ⚠️ <b>Цей пакет менший за ваш «{ $package }», який зараз діє</b>
order-smaller-question = Після оплати він почне діяти одразу, а дні, що лишилися в «{ $package }», продовжаться після нього. Справді перейти на менший пакет?
button-pay = 💳 Оплатити { $crypto }
button-pay-anyway = 💳 Так, оплатити { $crypto }
button-cancel-order = ✖️ Скасувати замовлення
pay-link =
    💳 <b>Рахунок готовий</b>

    📦 Пакет: <b>{ $package }</b>
    💰 До сплати: <b>{ $crypto }</b>
    ⏳ Оплатити можна до: { $until }

    Натисніть кнопку, щоб перейти до CryptoBot. Після оплати ми надішлемо підтвердження в цей чат.
button-pay-link = 💳 Оплатити в CryptoBot
invoice-busy =
    ⏳ Рахунок уже створюється.

    Зачекайте кілька секунд — посилання з'явиться в цьому чаті.
invoice-limit =
    ⏳ <b>У вас забагато неоплачених рахунків</b>

    Оплатіть один із них або скасуйте замовлення. Інакше це замовлення отримає посилання само, починаючи з { $at }, якщо ще буде відкрите.
order-cancelled =
    ✖️ <b>Замовлення скасовано</b>

    📦 Пакет: { $package }
    Кошти не списано. Ви можете обрати інший пакет.
order-not-found =
    🔎 Такого замовлення не знайдено.

    Оформіть нове, будь ласка:
order-closed-paid = ℹ️ Це замовлення вже оплачено, пакет «{ $package }» діє. Ще раз платити не потрібно.
order-closed-completed = ℹ️ Строк дії цього замовлення («{ $package }») закінчився. Ви можете оформити нове.
order-closed-cancelled = ✖️ Це замовлення («{ $package }») скасовано. Ви можете оформити нове.
order-closed-expired = ⌛ Час на оплату цього замовлення («{ $package }») минув. Ви можете оформити нове.
order-closed-failed = ℹ️ Для цього замовлення («{ $package }») не вдалося створити рахунок. Оформіть нове, будь ласка.
order-closed-processing = ℹ️ Кошти за це замовлення («{ $package }») надійшли й очікують на рішення адміністратора. Ще раз платити не потрібно.
order-closed-refunded = ℹ️ Кошти за це замовлення («{ $package }») повернено. Ви можете оформити нове.
receipt =
    ✅ Оплата успішна!

    Ваш пакет активовано.

    📦 Пакет: <b>{ $package }</b>
    📅 Діє до: <b>{ $until }</b>
    🔗 Щодня: { posts }
    💳 Сплачено: { $crypto }
    🆔 <code>{ $order }</code>
receipt-late = ℹ️ Оплата надійшла після строку, але пакет активовано повністю — на всі 30 днів.
receipt-after-cancel = ℹ️ Оплата надійшла після того, як ви скасували це замовлення. Пакет усе одно активовано — на всі 30 днів. Якщо він вам не потрібен, напишіть нам: /paysupport
payment-notice-wrong_amount =
    ⚠️ <b>Сума платежу не збігається</b>

    Кошти за замовлення нижче надійшли, але їхня сума інша. Пакет поки не активовано: рішення ухвалить адміністратор, і ми вам повідомимо.
payment-notice-wrong_asset =
    ⚠️ <b>Інша валюта платежу</b>

    Кошти за замовлення нижче надійшли в іншій валюті. Пакет поки не активовано: рішення ухвалить адміністратор, і ми вам повідомимо.
payment-notice-too_late =
    ⚠️ <b>Платіж надійшов запізно</b>

    Замовлення нижче вже було закрите. Кошти отримано, рішення ухвалить адміністратор, і ми вам повідомимо.
payment-notice-second_payment =
    ⚠️ <b>Повторний платіж</b>

    Замовлення нижче вже було оплачене. Другий платіж отримано, рішення щодо нього ухвалить адміністратор. Ваш пакет це не змінює.
payment-notice-invoice_failed =
    ⚠️ <b>Рахунок не створено</b>

    Платіжний сервіс не прийняв рахунок, тому замовлення нижче закрито. Кошти не списано. Спробуйте оформити ще раз.
payment-notice-order_expired =
    ⌛ <b>Час на оплату минув</b>

    Замовлення нижче скасовано. Якщо ви щойно сплатили, нічого робити не треба: пакет активується, щойно платіж надійде (протягом доби).
payment-notice-after-cancel = ℹ️ Ці кошти надійшли після того, як ви скасували замовлення.
payment-notice-no_invoice =
    ⌛ <b>Посилання на оплату не створено</b>

    Платіжний сервіс не відповідав цілу годину, тому замовлення нижче скасовано. Кошти не списано. Оформіть його ще раз трохи згодом.
payment-notice-order =
    📦 Пакет: { $package }
    💰 Сума замовлення: { $crypto }
    🆔 <code>{ $order }</code>
payment-notice-received = 💸 Надійшло: { $crypto }
payment-notice-contact = Питання щодо оплати: /paysupport

## posts.py

platforms =
    🔗 <b>Додати пост</b>

    📦 Пакет: { $package }
    Залишилося сьогодні: { posts-of-limit }

    Оберіть платформу:
ask-link =
    🔗 <b>{ $platform }</b>

    Надішліть посилання на відкритий пост одним повідомленням.
    Приклад: <code>{ $example }</code>
example-telegram = https://t.me/channel/123
example-instagram = https://www.instagram.com/p/DPx4kQmjR2s/
example-tiktok = https://www.tiktok.com/@user/video/7420000000000000000
example-youtube = https://www.youtube.com/watch?v=dQw4w9WgXcQ
example-x = https://x.com/user/status/1850000000000000000
example-facebook = https://www.facebook.com/page/posts/1234567890123456
example-threads = https://www.threads.com/@user/post/DPx4kQmjR2s
no-active-package =
    📦 У вас немає активного пакета.

    Щоб додати пост, спершу оберіть пакет:
post-accepted =
    ✅ Пост успішно додано!

    🔗 URL: { $url }
    ⚙️ Платформа: { $platform }
    📊 Залишилося сьогодні: { posts-of-limit }

    🚀 Просування розпочнеться незабаром!
daily-limit =
    ⛔ <b>Ліміт на сьогодні вичерпано</b>

    Ваш пакет — { posts } на день.
    Нові пости можна додати після опівночі ({ $zone }).
duplicate-post =
    ♻️ Цей пост ви сьогодні вже додали.

    🔗 URL: { $url }

    Денний ліміт не витрачено.
duplicate-post-sent = Надіслане посилання веде на той самий пост: { $url }
rate-limit =
    ⏳ <b>Забагато постів за короткий час</b>

    🔗 URL: { $url }

    Цей пост можна додати з { $at }. Денний ліміт не витрачено.
post-link = 🔗 URL: { $url }
post-completed =
    🎉 <b>Просування поста завершено</b>

    🔗 URL: { $url }
    ⚙️ Платформа: { $platform }
result-views = 👁 Додано переглядів: { $number }
result-reactions = ❤️ Додано реакцій: { $number }
result-comments = 💬 Додано коментарів: { $number }
result-reposts = 🔁 Додано репостів: { $number }
post-failed =
    😔 <b>Пост не вдалося просунути</b>

    🔗 URL: { $url }
    ⚙️ Платформа: { $platform }
post-cancelled =
    🚫 <b>Просування поста скасовано</b>

    🔗 URL: { $url }
    ⚙️ Платформа: { $platform }
post-reason = Причина: <code>{ $reason }</code>
post-reason-none = Причину не вказано.
post-quota-back = Цей пост не зараховано до денного ліміту.
link-rejected =
    ⚠️ { $sentence }

    Приклад: <code>{ $example }</code>
    Денний ліміт не витрачено.
link-empty = Надішліть посилання на пост у { $platform } текстом.
link-too_long = Це задовго для посилання: надішліть лише адресу поста у { $platform }.
link-not_a_link = Це не схоже на посилання: надішліть адресу поста у { $platform }.
link-several_links = Надішліть по одному посиланню за раз: один пост у { $platform } — одне повідомлення.
link-bad_characters = У посиланні є зайві або невидимі символи: скопіюйте адресу поста у { $platform } ще раз.
link-bad_scheme = Посилання на пост у { $platform } має починатися з https://.
link-userinfo = Посилання з логіном або символом @ перед адресою сайту не приймаємо: надішліть звичайну адресу поста у { $platform }.
link-port = Посилання з номером порту не приймаємо: надішліть звичайну адресу поста у { $platform }.
link-ip_host = Посилання з IP-адресою не приймаємо: надішліть адресу поста у { $platform }.
link-look_alike = Адреса сайту лише схожа на справжню (інші літери): надішліть посилання на пост у { $platform }.
link-wrong_host = Це не сайт { $platform }: надішліть посилання на пост саме там.
link-other_platform = Це посилання { $found }, а ви обрали { $platform }: надішліть посилання на пост у { $platform } або оберіть іншу платформу.
link-story = Історії не просуваємо, бо вони зникають: надішліть посилання на пост у { $platform }.
link-private = Це закритий пост, його не видно іншим: надішліть посилання на відкритий пост у { $platform }.
link-invite = Це запрошення, а не пост: надішліть посилання на відкритий пост у { $platform }.
link-short_link = Це скорочене посилання: відкрийте його й надішліть повну адресу поста у { $platform }.
link-not_a_post = Це посилання веде не на пост: надішліть адресу окремого поста у { $platform }.
button-other-platform = 🔄 Інша платформа
button-one-more-post = 🔗 Додати ще пост

## stats.py

stats =
    📊 <b>Моя статистика</b>

    🧾 Замовлень: { $orders }
    💰 Витрачено: { $spent }
    🔗 Усього додано: { posts }
    ⏳ У роботі: { $active }
    🎉 Завершено: { $completed }
    😔 Не вдалося: { $failed }
stats-cancelled = 🚫 Скасовано: { $cancelled }
stats-package =
    📦 Пакет: <b>{ $package }</b>
    📅 Діє до: { $until }
    🔗 Залишилося сьогодні: { posts-of-limit }
stats-no-package = 📦 Активного пакета немає.
button-history = 🕘 Історія
history = 🕘 <b>Історія</b>, сторінка { $page }
history-empty =
    🕘 <b>Історія</b>

    Тут з'являться ваші замовлення та пости.
history-order = 📦 { $package } · { $price } · { $status }
history-runs = 📅 Діє до: { $until }
history-post =
    🔗 { $url }
    { $platform } · { $status } · { $at }
order-status-pending = очікує оплати
order-status-paid = оплачено
order-status-processing = очікує рішення
order-status-completed = строк минув
order-status-failed = не вдалося
order-status-cancelled = скасовано
order-status-refunded = кошти повернено
post-status-pending = у черзі
post-status-processing = просувається
post-status-completed = завершено
post-status-failed = не вдалося
post-status-cancelled = скасовано
status-other = невідомо
button-newer = ‹ Новіші
button-older = Старіші ›
button-stats-back = « До статистики

## support.py

support =
    ⚙️ <b>Підтримка</b>

    Відповіді на часті питання — у розділі FAQ.
support-contact = ✉️ Написати нам: { $contact }
support-no-contact = ✉️ Контакт підтримки вказано в описі цього бота.
button-faq = ❓ Часті питання
button-privacy = 🔒 Приватність
button-languages = 🌐 Мова
button-support-back = « До підтримки
faq =
    ❓ <b>Часті питання</b>

    <b>Як це працює?</b>
    Оберіть пакет, оплатіть його в USDT через CryptoBot і надсилайте посилання на пости — щодня в межах ліміту пакета.

    <b>Коли почнеться просування?</b>
    Пост стає в чергу одразу. Коли роботу завершено, ви отримаєте повідомлення.

    <b>Скільки діє пакет?</b>
    30 днів від оплати. Денний ліміт оновлюється опівночі, невикористані пости не переносяться.

    <b>Що, як пост не вдалося просунути?</b>
    Ми назвемо причину, а пост не буде зараховано до денного ліміту.

    <b>Які посилання приймаєте?</b>
    Відкриті пости Telegram, Instagram, TikTok, YouTube, X, Facebook і Threads. Історії, закриті пости та скорочені посилання — ні.

    <b>Пакет уже є, а я купую ще один?</b>
    Такий самий пакет додасть 30 днів. Інший почне діяти одразу, а дні попереднього продовжаться після нього.
privacy =
    🔒 <b>Приватність</b>

    <b>Що зберігаємо:</b> ваш Telegram ID, ім'я та username, мову, параметр, з яким ви відкрили бота, час останньої дії; ваші замовлення й платежі (сума, валюта, час); посилання на пости та їхній стан. Повідомлення платіжного сервісу зберігаємо зашифрованими. Паролів і даних карток не питаємо й не маємо.

    <b>Навіщо:</b> щоб приймати оплату, просувати пости й відповідати на звернення. Для реклами інших компаній дані не передаємо.

    <b>Кому передаємо:</b> службі просування — посилання на пост, ваш Telegram ID, username і назву пакета; CryptoBot — суму й номер замовлення.

    <b>Видалення:</b> напишіть у підтримку — і ми видалимо ваші дані. Записи про платежі залишаються, скільки того вимагає закон, але без вашого імені.
paysupport =
    💳 <b>Питання щодо оплати</b>

    • Пакет активується сам, щойно CryptoBot підтвердить платіж, — зазвичай за кілька секунд.
    • Платіж іншої суми, в іншій валюті або надто пізній не губиться: його розглядає адміністратор.
    • Для звернення підготуйте номер замовлення (🆔) і час платежу.
    • Кошти повертаємо через CryptoBot на акаунт Telegram, з якого оформлено замовлення.

    Підтримка Telegram і CryptoBot не вирішує питань цього магазину.
help =
    ℹ️ <b>Довідка</b>

    Тут можна придбати пакет просування й надсилати посилання на свої пости.

    /start — головне меню
    /help — ця довідка
    /paysupport — питання щодо оплати
    /privacy — які дані ми зберігаємо
