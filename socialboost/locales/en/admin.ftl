### Texts for admins. The rules are in shop.ftl.

## admin.py

button-admin-panel = « Back to the panel
button-previous = ‹ Previous
button-next = Next ›
button-refresh = 🔄 Refresh
command-admin = Admin panel
command-stats = System statistics
command-broadcast = New broadcast
command-debug = State of the system
admin-panel =
    🛠 <b>Admin panel</b>

    Choose a section:
button-admin-stats = 📊 System statistics
button-admin-packages = 📦 Packages
button-admin-settings = ⚙️ Settings
button-admin-exceptions = ⚠️ Payments ({ $count })
button-admin-jobs = 🧰 Parked jobs ({ $count })
button-admin-notices = 📭 Notices that nobody received: { $count }
admin-stats =
    📊 <b>System statistics</b>

    👥 Users: { $total-users }
    🟢 With an active package: { $active-users }
    🧾 Orders: { $total-orders }
    💳 Paid: { $paid-orders }
    💰 Revenue: { $revenue }
    🔗 Posts: { $total-posts }
    ⏳ In progress: { $active-posts }
    🎉 Completed: { $completed-posts }
    ⚠️ Failed: { $failed-posts }
    📦 Packages on sale: { $packages-count }
admin-recent = 🕘 <b>Orders of the last 24 hours</b>
admin-recent-none = 🕘 No orders in the last 24 hours.
admin-recent-order = <code>{ $username }</code> · { $package } · { $price } · { $status } · { $at }
admin-settings =
    ⚙️ <b>Settings</b>

    They are set in the environment of the processes and cannot be changed here.
admin-setting-secret = (secret, set)
admin-debug =
    🩺 <b>State of the system</b>

    Redis: up
    Processes seen at the queues in the last 20 s: { $processes }
admin-debug-database =
    Database: up
    Tasks waiting for Main Bot: { $tasks }
    Jobs in progress: { $open }
    Parked jobs: { $parked }
    Unreadable messages: { $letters }
admin-debug-database-away = Database: not answering

## decisions.py

exceptions =
    ⚠️ <b>Payments that need a decision</b>

    Oldest first:
exceptions-none = ✨ No payment needs a decision.
button-payment = { $sum } · { $reason }
button-payment-card = 🔎 Payment { $sum }
button-exceptions-back = « Back to the payments
reason-wrong_amount = wrong amount
reason-wrong_asset = wrong asset
reason-too_late = too late
reason-second_payment = second payment
reason-unknown_order = unknown order
reason-late = late
reason-not_paid = not paid
reason-paid_otherwise = paid differently
reason-discarded = discarded by an admin
reason-other = another reason
answer-True = yes
answer-False = no
provider-crypto_pay = Crypto Pay
provider-balance = the balance
setting-crypto_pay_balance = the app's balance in @CryptoBot
setting-crypto_pay_app = the app in @CryptoBot
setting-crypto_pay_methods = the app's methods in @CryptoBot: Crypto Pay → My Apps → Security
payment-no-amount = amount unknown
payment-exception = ⚠️ <b>The payment needs a decision</b>
payment-applied = 💰 <b>Payment credited, package active</b>
payment-resolved = ☑️ <b>The payment has been dealt with</b>
payment-activated = ☑️ <b>Decided: the package was activated</b>
payment-credited = ☑️ <b>Decided: credited to the balance</b>
payment-refunded = ☑️ <b>Decided: the money was sent back</b>
payment-dismissed = ☑️ <b>Decided: closed without crediting anything</b>
payment-reason-wrong_amount = The amount differs from the invoice.
payment-reason-wrong_asset = The asset differs from the invoice.
payment-reason-too_late = It came more than a day after the deadline.
payment-reason-second_payment = This order was already paid or closed. "Activate" gives the buyer the same package once more.
payment-reason-unknown_order = No order belongs to this payment. To credit it or send it back, name its owner.
payment-reason-late = It came after the deadline, but within a day.
payment-after-cancel = ↩️ The money came after the buyer cancelled the order.
refund-wanted = ⏳ The refund was handed to Crypto Pay; no answer yet.
refund-refused = ⛔ The money was not sent back. { $why }
refund-refusal-user = Crypto Pay does not know this user: they have never started @CryptoBot. Ask them to open @CryptoBot and try again, or credit their balance.
refund-refusal-funds = The Crypto Pay app's balance is too low. Top it up in @CryptoBot and try again.
refund-refusal-method = Transfers are switched off for the app. Enable transfer in @CryptoBot → Crypto Pay → My Apps → Security and try again.
refund-refusal-amount = Crypto Pay does not transfer this amount: about 1 to 25,000 USD is allowed. Credit the balance, or pay it back another way and close the payment.
refund-refusal-asset = Crypto Pay does not transfer this asset. Pay it back another way and close the payment.
refund-refusal-token = Crypto Pay refused the app's token. Check CRYPTOBOT_TOKEN and try again.
refund-refusal-suspended = Crypto Pay has suspended the app. Write to Crypto Pay's support, then try again.
refund-refusal-address = Crypto Pay does not know the method we call. Check CRYPTOBOT_API_URL.
refund-refusal-discarded = An admin discarded the parked refund; at that moment Crypto Pay had no such transfer.
refund-refusal-other = Crypto Pay refused: <code>{ $name }</code>. Check the app in @CryptoBot; trying again never pays twice.
decision-refused = ❗️ Not decided: { $why }
decision-error-not_found = there is no such payment.
decision-error-changed_meanwhile = the payment changed while you were deciding. This is its current state.
decision-error-already_resolved = this payment has already been decided.
decision-error-refund_under_way = a refund is already under way.
decision-error-no_order = the payment belongs to no order.
decision-error-no_owner = nobody is named as its owner.
decision-error-no_amount = its amount is unknown.
decision-error-wrong_asset = only USDT can be credited.
decision-error-has_order = its owner is known from the order.
decision-error-no_such_person = nobody with this Telegram ID uses the bot yet: they must send /start first.
decision-error-not_an_id = this is not a Telegram ID: send digits only.
ask-owner =
    👤 <b>Whose money is this?</b>

    Invoice: <code>{ $invoice }</code>
    Send the owner's Telegram ID in one message, digits only.
payment-nobody = no owner named
decision-sure-activate =
    ❓ <b>Activate the package?</b>

    Payment: <b>{ $sum }</b>
    Goes to: <b>{ $person }</b>
    Package: <b>{ $package }</b>
decision-sure-credit =
    ❓ <b>Credit the balance?</b>

    Payment: <b>{ $sum }</b>, rounded up to the cent
    Goes to: <b>{ $person }</b>
    Package: <b>{ $package }</b>, which will not be activated
decision-sure-refund =
    ❓ <b>Send the money back?</b>

    Amount: <b>{ $sum }</b>
    Goes to: <b>{ $person }</b>
    Package: <b>{ $package }</b>

    Once sent, it cannot be taken back.
decision-sure-dismiss =
    ❓ <b>Close without crediting anything?</b>

    Payment: <b>{ $sum }</b>
    Gets nothing: <b>{ $person }</b>
    Package: <b>{ $package }</b>
decision-sure-ends = ⚠️ The days this payment bought will be taken back: the package "{ $package }" gets shorter or ends.
button-sure-activate = 🚀 Yes, activate · { $sum }
button-sure-credit = 💼 Yes, credit · { $sum }
button-sure-refund = ↩️ Yes, send back · { $sum }
button-sure-dismiss = 🗑 Yes, close · { $sum }
button-sure-no = « No, go back
button-payment-owner = 👤 Name the owner
button-payment-activate = 🚀 Activate the package
button-payment-credit = 💼 Credit the balance
button-payment-refund = ↩️ Send the money back
button-payment-dismiss = 🗑 Close without crediting

## parked.py

parked-jobs =
    🧰 <b>Parked jobs</b>

    Newest first. ✉️ marks a queue message that no worker could read.
parked-jobs-none = ✨ There are no parked jobs.
button-job = 🧰 { $actor }
button-letter = ✉️ { $actor }
button-job-card = 🔎 { $actor }
button-jobs-back = « Back to the jobs
parked-job = 🧰 <b>A parked job: all attempts are used up</b>
dead-letter = ✉️ <b>A message that no worker could read</b>
button-job-replay = ▶️ Replay
button-job-discard = 🗑 Discard
job-outcome-replayed = ▶️ The job runs again, with a full set of attempts.
job-outcome-discarded = 🗑 The job was discarded.
job-outcome-gone = ℹ️ This job is no longer parked: it was already settled.
job-outcome-changed_meanwhile = ℹ️ Nothing was done: since then the job was replayed and parked again. Open it from the list once more.
job-outcome-refund_sent = ℹ️ Crypto Pay has already sent this money: the refund is recorded, there is nothing to discard.
job-outcome-refund_unknown = ❗️ Not discarded: Crypto Pay did not say whether the money was sent. Try again when it answers.
job-outcome-money = ❗️ This job cannot be discarded, because it is about money that was paid. Replay it. If the package does not become active, the payment will be listed among those that need a decision.
job-outcome-unreadable = ❗️ This message is damaged: it cannot be replayed, only discarded.
job-outcome-unknown_actor = ❗️ This version does not know this kind of job. Update the workers and try again.
job-sure = ❓ <b>Discard it?</b>
job-sure-refund = The refund of { $sum } to { $person } will not be sent. The payment will wait for a decision again.
job-sure-message = The person will not get this message.
job-sure-task = The post will not be promoted. Its owner is notified, and the post no longer counts towards the daily limit.
job-sure-letter = The message will be removed from the queue, and its job will never be done.
job-sure-other = This job will never be done.
button-sure-discard = 🗑 Yes, discard

## withheld.py

button-admin-withheld = 📨 Perhaps already sent ({ $count })
withheld =
    📨 <b>Perhaps already sent: { $count }</b>

    The database was restored from a copy. These messages are about the time before that, and it is unknown whether they were sent then. Nothing is sent until you decide. Oldest first:
withheld-none = ✨ No message waits for a decision.
withheld-sent = 📨 <b>The messages are being sent.</b>
withheld-discarded = 🗑 <b>Discarded.</b>
withheld-gone = ℹ️ <b>Already decided.</b>
withheld-changed_meanwhile = ℹ️ <b>Nothing was done, because the list changed meanwhile. This is the current list.</b>
withheld-message = 📨 <b>Perhaps already sent: { $what }</b>
withheld-send_receipt = receipt
withheld-send_payment_notice = message about an order
withheld-send_decision_notice = message about a decision
withheld-notify_post = message about a post
withheld-notify_admins = notice to the admins
withheld-send_admin_notice = notice to an admin
withheld-sure-send =
    ❓ <b>Send? Messages: { $count }</b>

    Anyone who has already received their message will get it again.
withheld-sure-discard =
    ❓ <b>Discard? Messages: { $count }</b>

    Anyone who has not received their message will not get it. Packages and payments do not change.
button-withheld = 📨 { $about }
button-withheld-send = 📨 Send
button-withheld-discard = 🗑 Discard
button-withheld-send-all = 📨 Send all ({ $count })
button-withheld-discard-all = 🗑 Discard all ({ $count })
button-withheld-sure-send = 📨 Yes, send · { $count }
button-withheld-sure-discard = 🗑 Yes, discard · { $count }
button-withheld-back = « Back to the messages
button-withheld-card = 📨 Perhaps already sent

## pricing.py

pricing =
    📦 <b>Packages</b>

    Changes apply to new orders only.
pricing-none = 📦 There are no packages. The command <code>seed</code> adds them.
pricing-package =
    📦 <b>{ $package }</b>

    Identifier: <code>{ $slug }</code>
    💰 Price: <b>{ $price }</b>
    🔗 Per day: { posts }
    { $sale }
pricing-changed = ❗️ Nothing was changed: the package was edited meanwhile. This is how it is now.
pricing-on-sale = 🟢 On sale
pricing-off-sale = ⚪️ Not on sale
pricing-unknown = 📦 There is no such package.
pricing-ask-name = Send the new name of "{ $package }": up to 100 characters.
pricing-ask-price = Send the new price of "{ $package }" in dollars, such as <code>99.99</code>.
pricing-ask-posts = Send how many posts a day "{ $package }" gives: a whole number from 1 to 1000.
pricing-refused-name = ❗️ This name cannot be used.
pricing-refused-price = ❗️ This is not a price: a number from 0.01 to 99999.99 with at most two decimals.
pricing-refused-posts = ❗️ A whole number from 1 to 1000 is needed.
button-pricing-live = 🟢 { $package } - { $price }
button-pricing-resting = ⚪️ { $package } - { $price }
button-pricing-on = 🟢 Put on sale
button-pricing-off = ⚪️ Take off sale
button-pricing-name = ✏️ Name
button-pricing-price = 💰 Price
button-pricing-posts = 🔗 Posts per day
button-pricing-back = « Back to the packages

## notices.py

notice-refund_sent = ↩️ <b>Money sent back</b>
notice-refund_refused = ⛔ <b>Money not sent back</b>
notice-refund_waits = ⏳ <b>A refund is waiting: it will be sent automatically once this is fixed</b>
field-order_amount = Order amount
field-order_status = Order status
field-transfer_id = Transfer
field-paid_at = Paid
field-deadline_at = Deadline
field-created_at = Created
field-updated_at = Changed
field-args = Data
field-decided_by = Decided by
