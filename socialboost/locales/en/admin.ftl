### Texts of the admins' part. The rules are shop.ftl's.

## admin.py

button-admin-panel = « To the panel
button-previous = ‹ Previous
button-next = Next ›
button-refresh = 🔄 Refresh
admin-panel =
    🛠 <b>Admin panel</b>

    Choose a section:
button-admin-stats = 📊 System statistics
button-admin-packages = 📦 Packages
button-admin-settings = ⚙️ Settings
button-admin-exceptions = ⚠️ Payments ({ $count })
button-admin-jobs = 🧰 Parked jobs ({ $count })
admin-stats =
    📊 <b>System statistics</b>

    👥 Users: { $total-users }
    🟢 With an active package: { $active-users }
    🧾 Orders: { $total-orders }
    💳 Paid: { $paid-orders }
    💰 Revenue: { $revenue }
    🔗 Posts: { $total-posts }
    ⏳ Under way: { $active-posts }
    🎉 Completed: { $completed-posts }
    📦 Packages on sale: { $packages-count }
admin-recent = 🕘 <b>Orders of the last 24 hours</b>
admin-recent-none = 🕘 No orders in the last 24 hours.
admin-recent-order = <code>{ $username }</code> · { $package } · { $price } · { $status } · { $at }
admin-settings =
    ⚙️ <b>Settings</b>

    They come from the processes' environment and cannot be changed here.
admin-setting-secret = (a secret is set)
admin-debug =
    🩺 <b>State of the system</b>

    Redis: works
    Processes on the queue in the last 20 s: { $processes }
admin-debug-database =
    Database: works
    Tasks waiting for Main Bot: { $tasks }
    Jobs under way: { $open }
    Parked jobs: { $parked }
    Messages nobody could work on: { $letters }
admin-debug-database-away = Database: does not answer

## decisions.py

exceptions =
    ⚠️ <b>Payments that need a decision</b>

    Oldest first:
exceptions-none = ✨ Every payment has been dealt with.
button-payment = { $sum } · { $reason }
button-payment-card = 🔎 Payment { $sum }
button-exceptions-back = « To the payments
reason-wrong_amount = another amount
reason-wrong_asset = another asset
reason-too_late = too late
reason-second_payment = second payment
reason-unknown_order = unknown order
reason-late = late
reason-other = another reason
payment-no-amount = amount unknown
payment-exception = ⚠️ <b>The payment needs a decision</b>
payment-applied = 💰 <b>The payment is applied, the package active</b>
payment-resolved = ☑️ <b>The payment has been dealt with</b>
payment-activated = ☑️ <b>Decided: the package was activated</b>
payment-credited = ☑️ <b>Decided: credited to the balance</b>
payment-refunded = ☑️ <b>Decided: the money was sent back</b>
payment-dismissed = ☑️ <b>Decided: closed, nothing credited</b>
payment-reason-wrong_amount = The amount is not the invoice's.
payment-reason-wrong_asset = The asset is not the invoice's.
payment-reason-too_late = It came more than a day after the deadline.
payment-reason-second_payment = This order had been paid or closed before. "Activate" gives the buyer the same package once more.
payment-reason-unknown_order = No order belongs to this payment. To credit it or send it back, name its owner.
payment-reason-late = It came after the deadline, but within a day.
refund-wanted = ⏳ The refund is on its way to Crypto Pay; there is no answer yet.
refund-refused = ⛔ The money was not sent back. { $why }
refund-refusal-user = Crypto Pay does not know this user: they have never started @CryptoBot. Ask them to open @CryptoBot and try again, or credit their balance.
refund-refusal-funds = The Crypto Pay app's balance is too low. Top it up in @CryptoBot and try again.
refund-refusal-method = Transfers are switched off for the app. Enable transfer in @CryptoBot → Crypto Pay → My Apps → Security and try again.
refund-refusal-amount = Crypto Pay does not transfer this amount: about 1 to 25,000 USD is allowed. Credit the balance, or pay it back another way and close the payment.
refund-refusal-asset = Crypto Pay does not transfer this asset. Pay it back another way and close the payment.
refund-refusal-token = Crypto Pay refused the app's token. Check CRYPTOBOT_TOKEN and try again.
refund-refusal-suspended = Crypto Pay has suspended the app. Write to Crypto Pay's support, then try again.
refund-refusal-discarded = An admin discarded the parked refund; at that moment Crypto Pay had no such transfer.
refund-refusal-other = Crypto Pay refused: <code>{ $name }</code>. Check the app in @CryptoBot; trying again never pays twice.
decision-refused = ❗️ Not decided: { $why }
decision-error-not_found = there is no such payment.
decision-error-already_resolved = the payment had been decided before.
decision-error-refund_under_way = a refund is under way.
decision-error-no_order = the payment belongs to no order.
decision-error-no_owner = nobody is named as its owner.
decision-error-no_amount = its amount is unknown.
decision-error-wrong_asset = only USDT can be credited.
decision-error-has_order = its order says whose it is.
decision-error-no_such_person = nobody with this Telegram id uses the bot: they must send /start.
decision-error-not_an_id = this is no Telegram id: send digits only.
ask-owner =
    👤 <b>Whose money is this?</b>

    Invoice: <code>{ $invoice }</code>
    Send the owner's Telegram id in one message, digits only.
button-payment-owner = 👤 Name the owner
button-payment-activate = 🚀 Activate the package
button-payment-credit = 💼 Credit the balance
button-payment-refund = ↩️ Send the money back
button-payment-dismiss = 🗑 Close, credit nothing

## parked.py

parked-jobs =
    🧰 <b>Parked jobs</b>

    Newest first. ✉️ is a message of the queue that nobody could work on.
parked-jobs-none = ✨ No job is parked.
button-job = 🧰 { $actor }
button-letter = ✉️ { $actor }
button-job-card = 🔎 { $actor }
button-jobs-back = « To the jobs
parked-job = 🧰 <b>A job parked after all its attempts</b>
dead-letter = ✉️ <b>A message that nobody could work on</b>
button-job-replay = ▶️ Replay
button-job-discard = 🗑 Discard
job-outcome-replayed = ▶️ The job is on its way again, with all its attempts.
job-outcome-discarded = 🗑 The job is discarded.
job-outcome-gone = ℹ️ This job is not parked any more: it was settled before.
job-outcome-refund_sent = ℹ️ Crypto Pay has sent this money already: the refund is recorded, there is nothing to discard.
job-outcome-refund_unknown = ❗️ Not discarded: Crypto Pay did not say whether the money was sent. Try again when it answers.
job-outcome-money = ❗️ This job cannot be discarded: money stands behind it. Replay it; if the package does not become active, the payment will be listed among those that need a decision.
job-outcome-unreadable = ❗️ This message is damaged: it cannot be replayed, only discarded.
job-outcome-unknown_actor = ❗️ This version does not know such a job. Update the workers and try again.

## pricing.py

pricing =
    📦 <b>Packages</b>

    Changes count for new orders only.
pricing-none = 📦 There are no packages. The command <code>seed</code> adds them.
pricing-package =
    📦 <b>{ $package }</b>

    Identifier: <code>{ $slug }</code>
    💰 Price: <b>{ $price }</b>
    🔗 A day: { posts }
    { $sale }
pricing-on-sale = 🟢 On sale
pricing-off-sale = ⚪️ Not on sale
pricing-unknown = 📦 There is no such package.
pricing-ask-name = Send the new name of "{ $package }": up to 100 characters.
pricing-ask-price = Send the new price of "{ $package }" in dollars, such as <code>99.99</code>.
pricing-ask-posts = Send how many posts a day "{ $package }" gives: a whole number from 1 to 1000.
pricing-refused-name = ❗️ This name will not do.
pricing-refused-price = ❗️ This is no price: a number from 0.01 to 99999.99 with at most two decimals.
pricing-refused-posts = ❗️ A whole number from 1 to 1000 is needed.
button-pricing-live = 🟢 { $package } - { $price }
button-pricing-resting = ⚪️ { $package } - { $price }
button-pricing-on = 🟢 Put on sale
button-pricing-off = ⚪️ Take off sale
button-pricing-name = ✏️ Name
button-pricing-price = 💰 Price
button-pricing-posts = 🔗 Posts a day
button-pricing-back = « To the packages

## notices.py

notice-refund_sent = ↩️ <b>Money sent back</b>
notice-refund_refused = ⛔ <b>Money not sent back</b>
field-order_amount = Order's amount
field-order_status = Order's status
field-transfer_id = Transfer
field-paid_at = Paid
field-deadline_at = Deadline
field-created_at = Created
field-updated_at = Changed
field-args = Data
field-decided_by = Decided by
