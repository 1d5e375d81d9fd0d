### Тексти адмін-частини. Правила ті самі, що й у shop.ftl.

## admin.py

button-admin-panel = « До панелі
button-previous = ‹ Попередні
button-next = Наступні ›
button-refresh = 🔄 Оновити
command-admin = Адмін панель
command-stats = Статистика системи
command-broadcast = Нова розсилка
command-debug = Стан системи
admin-panel =
    🛠 <b>Адмін панель</b>

    Оберіть розділ:
button-admin-stats = 📊 Статистика системи
button-admin-packages = 📦 Керування пакетами
button-admin-settings = ⚙️ Налаштування
button-admin-exceptions = ⚠️ Платежі ({ $count })
button-admin-jobs = 🧰 Завислі задачі ({ $count })
button-admin-notices = 📭 Ніхто не отримав сповіщень: { $count }
admin-stats =
    📊 <b>Статистика системи</b>

    👥 Користувачів: { $total-users }
    🟢 З активним пакетом: { $active-users }
    🧾 Замовлень: { $total-orders }
    💳 Оплачених: { $paid-orders }
    💰 Дохід: { $revenue }
    🔗 Постів: { $total-posts }
    ⏳ У роботі: { $active-posts }
    🎉 Завершено: { $completed-posts }
    ⚠️ Не вдалося: { $failed-posts }
    📦 Пакетів у продажу: { $packages-count }
admin-recent = 🕘 <b>Замовлення за добу</b>
admin-recent-none = 🕘 За добу замовлень не було.
admin-recent-order = <code>{ $username }</code> · { $package } · { $price } · { $status } · { $at }
admin-settings =
    ⚙️ <b>Налаштування</b>

    Їх задає середовище процесів; змінити їх звідси не можна.
admin-setting-secret = (секрет задано)
admin-debug =
    🩺 <b>Стан системи</b>

    Redis: працює
    Процесів, що читали черги за останні 20 с: { $processes }
admin-debug-database =
    База даних: працює
    Завдань, що чекають на Main Bot: { $tasks }
    Задач у роботі: { $open }
    Завислих задач: { $parked }
    Непрочитаних повідомлень черги: { $letters }
admin-debug-database-away = База даних: не відповідає

## decisions.py

exceptions =
    ⚠️ <b>Платежі, що потребують рішення</b>

    Спершу найдавніші:
exceptions-none = ✨ Усі платежі розглянуто.
button-payment = { $sum } · { $reason }
button-payment-card = 🔎 Платіж { $sum }
button-exceptions-back = « До платежів
reason-wrong_amount = інша сума
reason-wrong_asset = інша валюта
reason-too_late = запізно
reason-second_payment = повторний
reason-unknown_order = невідоме замовлення
reason-late = із запізненням
reason-not_paid = не оплачено
reason-paid_otherwise = оплачено інакше
reason-discarded = відхилено адміністратором
reason-other = інша причина
answer-True = так
answer-False = ні
provider-crypto_pay = Crypto Pay
provider-balance = баланс
setting-crypto_pay_balance = баланс застосунку в @CryptoBot
setting-crypto_pay_app = застосунок у @CryptoBot
setting-crypto_pay_methods = методи застосунку в @CryptoBot: Crypto Pay → My Apps → Security
payment-no-amount = сума невідома
payment-exception = ⚠️ <b>Платіж потребує рішення</b>
payment-applied = 💰 <b>Платіж зараховано, пакет активовано</b>
payment-resolved = ☑️ <b>Платіж розглянуто</b>
payment-activated = ☑️ <b>Рішення: пакет активовано</b>
payment-credited = ☑️ <b>Рішення: зараховано на баланс</b>
payment-refunded = ☑️ <b>Рішення: кошти повернено</b>
payment-dismissed = ☑️ <b>Рішення: закрито без зарахування</b>
payment-reason-wrong_amount = Надійшла не та сума, що в рахунку.
payment-reason-wrong_asset = Надійшла інша валюта, ніж у рахунку.
payment-reason-too_late = Платіж надійшов пізніше ніж за добу після строку оплати.
payment-reason-second_payment = Це замовлення вже було оплачене або закрите. «Активувати» дасть покупцеві ще один такий пакет.
payment-reason-unknown_order = Жодне замовлення не відповідає цьому платежу. Щоб зарахувати або повернути кошти, вкажіть власника.
payment-reason-late = Платіж надійшов після строку оплати, але впродовж доби.
payment-after-cancel = ↩️ Кошти надійшли після того, як покупець скасував замовлення.
refund-wanted = ⏳ Повернення передано до Crypto Pay, відповіді ще немає.
refund-refused = ⛔ Кошти не повернено. { $why }
refund-refusal-user = Crypto Pay не знає цього користувача: він ще не запускав @CryptoBot. Попросіть його відкрити @CryptoBot і спробуйте ще раз або зарахуйте кошти на баланс.
refund-refusal-funds = На балансі застосунку Crypto Pay замало коштів. Поповніть його в @CryptoBot і спробуйте ще раз.
refund-refusal-method = Переказ вимкнено в налаштуваннях застосунку. Увімкніть метод transfer: @CryptoBot → Crypto Pay → My Apps → Security, і спробуйте ще раз.
refund-refusal-amount = Crypto Pay не переказує таку суму: дозволено приблизно від 1 до 25 000 USD. Зарахуйте кошти на баланс або поверніть їх інакше й закрийте платіж.
refund-refusal-asset = Crypto Pay не переказує цю валюту. Поверніть кошти інакше й закрийте платіж.
refund-refusal-token = Crypto Pay не прийняв токен застосунку. Перевірте CRYPTOBOT_TOKEN і спробуйте ще раз.
refund-refusal-suspended = Crypto Pay призупинив застосунок. Зверніться до підтримки Crypto Pay, потім спробуйте ще раз.
refund-refusal-address = Crypto Pay не знає методу, який ми викликаємо. Перевірте CRYPTOBOT_API_URL.
refund-refusal-discarded = Завислу задачу повернення відхилено адміністратором; переказу в Crypto Pay на той момент не було.
refund-refusal-other = Crypto Pay відмовив: <code>{ $name }</code>. Перевірте застосунок у @CryptoBot; повторна спроба не перекаже двічі.
decision-refused = ❗️ Рішення не прийнято: { $why }
decision-error-not_found = такого платежу немає.
decision-error-changed_meanwhile = платіж змінився, поки ви вирішували. Ось як є тепер.
decision-error-already_resolved = щодо цього платежу вже вирішено.
decision-error-refund_under_way = повернення вже виконується.
decision-error-no_order = платіж не стосується жодного замовлення.
decision-error-no_owner = власника платежу не вказано.
decision-error-no_amount = сума платежу невідома.
decision-error-wrong_asset = на баланс зараховують лише USDT.
decision-error-has_order = власника визначає замовлення.
decision-error-no_such_person = людини з таким Telegram ID у боті немає: вона має надіслати /start.
decision-error-not_an_id = це не Telegram ID: надішліть лише цифри.
ask-owner =
    👤 <b>Чиї це кошти?</b>

    Рахунок: <code>{ $invoice }</code>
    Надішліть Telegram ID власника одним повідомленням, лише цифри.
payment-nobody = власника не вказано
decision-sure-activate =
    ❓ <b>Активувати пакет?</b>

    Платіж: <b>{ $sum }</b>
    Отримає: <b>{ $person }</b>
    Пакет: <b>{ $package }</b>
decision-sure-credit =
    ❓ <b>Зарахувати на баланс?</b>

    Платіж: <b>{ $sum }</b>, округлюється до цента вгору
    Отримає: <b>{ $person }</b>
    Пакет: <b>{ $package }</b>, його не буде активовано
decision-sure-refund =
    ❓ <b>Повернути кошти?</b>

    Повернути: <b>{ $sum }</b>
    Отримає: <b>{ $person }</b>
    Пакет: <b>{ $package }</b>

    Надіслане назад не забрати.
decision-sure-dismiss =
    ❓ <b>Закрити без зарахування?</b>

    Платіж: <b>{ $sum }</b>
    Нічого не отримає: <b>{ $person }</b>
    Пакет: <b>{ $package }</b>
decision-sure-ends = ⚠️ Дні, які дав цей платіж, буде знято: пакет «{ $package }» стане коротшим або закінчиться.
button-sure-activate = 🚀 Так, активувати · { $sum }
button-sure-credit = 💼 Так, зарахувати · { $sum }
button-sure-refund = ↩️ Так, повернути · { $sum }
button-sure-dismiss = 🗑 Так, закрити · { $sum }
button-sure-no = « Ні, назад
button-payment-owner = 👤 Вказати власника
button-payment-activate = 🚀 Активувати пакет
button-payment-credit = 💼 Зарахувати на баланс
button-payment-refund = ↩️ Повернути кошти
button-payment-dismiss = 🗑 Закрити без зарахування

## parked.py

parked-jobs =
    🧰 <b>Завислі задачі</b>

    Спершу найновіші. ✉️ — повідомлення черги, яке ніхто не зміг виконати.
parked-jobs-none = ✨ Завислих задач немає.
button-job = 🧰 { $actor }
button-letter = ✉️ { $actor }
button-job-card = 🔎 { $actor }
button-jobs-back = « До задач
parked-job = 🧰 <b>Задача зависла: усі спроби вичерпано</b>
dead-letter = ✉️ <b>Повідомлення, яке ніхто не зміг виконати</b>
button-job-replay = ▶️ Виконати ще раз
button-job-discard = 🗑 Відхилити
job-outcome-replayed = ▶️ Задачу відправлено на виконання: лічильник спроб обнулено.
job-outcome-discarded = 🗑 Задачу відхилено.
job-outcome-gone = ℹ️ Цієї задачі вже немає серед завислих: рішення ухвалено раніше.
job-outcome-changed_meanwhile = ℹ️ Нічого не зроблено: відтоді задачу виконували ще раз, і вона знову зависла. Відкрийте її ще раз зі списку.
job-outcome-refund_sent = ℹ️ Crypto Pay уже переказав ці кошти: повернення записано, відхиляти нічого.
job-outcome-refund_unknown = ❗️ Не відхилено: Crypto Pay не відповів, чи переказано кошти. Спробуйте ще раз, коли він відповідатиме.
job-outcome-money = ❗️ Цю задачу не можна відхилити: за нею стоять сплачені кошти. Виконайте її ще раз; якщо пакет не активується, платіж з'явиться серед тих, що потребують рішення.
job-outcome-unreadable = ❗️ Це повідомлення пошкоджене: виконати його не можна, лише відхилити.
job-outcome-unknown_actor = ❗️ Ця версія програми не знає такої задачі. Оновіть воркери й спробуйте ще раз.
job-sure = ❓ <b>Відхилити?</b>
job-sure-refund = Повернення { $sum } людині { $person } не буде надіслано. Платіж знову чекатиме на рішення.
job-sure-message = Людина не отримає цього повідомлення.
job-sure-task = Пост не буде просунуто. Його власник дізнається про це, а денний ліміт повернеться.
job-sure-letter = Повідомлення зникне з черги, а те, чого воно вимагає, не буде виконано.
job-sure-other = Цю задачу вже не буде виконано.
button-sure-discard = 🗑 Так, відхилити

## withheld.py

button-admin-withheld = 📨 Можливо, вже сказано ({ $count })
withheld =
    📨 <b>Можливо, вже сказано: { $count }</b>

    Базу даних відновлено з копії. Ці повідомлення стосуються часу до відновлення; чи надіслали їх тоді, невідомо. Без вашого рішення нічого не надсилається. Спершу найдавніші:
withheld-none = ✨ Жодне повідомлення не чекає на рішення.
withheld-sent = 📨 <b>Надсилається.</b>
withheld-discarded = 🗑 <b>Відхилено.</b>
withheld-gone = ℹ️ <b>Рішення вже ухвалено.</b>
withheld-changed_meanwhile = ℹ️ <b>Нічого не зроблено: список тим часом змінився. Ось який він зараз.</b>
withheld-message = 📨 <b>Можливо, вже сказано: { $what }</b>
withheld-send_receipt = квитанція
withheld-send_payment_notice = повідомлення про замовлення
withheld-send_decision_notice = повідомлення про рішення
withheld-notify_post = повідомлення про пост
withheld-notify_admins = сповіщення адмінам
withheld-send_admin_notice = сповіщення адміну
withheld-sure-send =
    ❓ <b>Надіслати? Повідомлень: { $count }</b>

    Хто вже отримав своє повідомлення, отримає його ще раз.
withheld-sure-discard =
    ❓ <b>Відхилити? Повідомлень: { $count }</b>

    Хто не отримав свого повідомлення, вже не отримає його. Пакети й платежі не зміняться.
button-withheld = 📨 { $about }
button-withheld-send = 📨 Надіслати
button-withheld-discard = 🗑 Відхилити
button-withheld-send-all = 📨 Надіслати всі ({ $count })
button-withheld-discard-all = 🗑 Відхилити всі ({ $count })
button-withheld-sure-send = 📨 Так, надіслати · { $count }
button-withheld-sure-discard = 🗑 Так, відхилити · { $count }
button-withheld-back = « До повідомлень
button-withheld-card = 📨 Можливо, вже сказано

## pricing.py

pricing =
    📦 <b>Керування пакетами</b>

    Зміни діють лише для нових замовлень.
pricing-none = 📦 Пакетів немає. Їх додає команда <code>seed</code>.
pricing-package =
    📦 <b>{ $package }</b>

    Ідентифікатор: <code>{ $slug }</code>
    💰 Ціна: <b>{ $price }</b>
    🔗 Щодня: { posts }
    { $sale }
pricing-changed = ❗️ Нічого не змінено: пакет відтоді змінили. Ось який він тепер.
pricing-on-sale = 🟢 У продажу
pricing-off-sale = ⚪️ Не продається
pricing-unknown = 📦 Такого пакета немає.
pricing-ask-name = Надішліть нову назву пакета «{ $package }»: до 100 символів.
pricing-ask-price = Надішліть нову ціну пакета «{ $package }» у доларах, наприклад <code>99.99</code>.
pricing-ask-posts = Надішліть, скільки постів на день дає пакет «{ $package }»: ціле число від 1 до 1000.
pricing-refused-name = ❗️ Така назва не підходить.
pricing-refused-price = ❗️ Це не ціна: потрібне число від 0.01 до 99999.99, не більше двох знаків після крапки.
pricing-refused-posts = ❗️ Потрібне ціле число від 1 до 1000.
button-pricing-live = 🟢 { $package } - { $price }
button-pricing-resting = ⚪️ { $package } - { $price }
button-pricing-on = 🟢 Виставити на продаж
button-pricing-off = ⚪️ Зняти з продажу
button-pricing-name = ✏️ Назва
button-pricing-price = 💰 Ціна
button-pricing-posts = 🔗 Постів на день
button-pricing-back = « До пакетів

## notices.py

notice-refund_sent = ↩️ <b>Кошти повернено</b>
notice-refund_refused = ⛔ <b>Кошти не повернено</b>
notice-refund_waits = ⏳ <b>Повернення чекає: воно піде саме, щойно ви усунете причину</b>
field-order_amount = Сума замовлення
field-order_status = Стан замовлення
field-transfer_id = Переказ
field-paid_at = Сплачено
field-deadline_at = Строк оплати
field-created_at = Створено
field-updated_at = Змінено
field-args = Дані
field-decided_by = Рішення ухвалив
