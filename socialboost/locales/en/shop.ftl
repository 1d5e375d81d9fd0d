### Every text a person reads, in English. One section a module of socialboost/screens/.
### Values { $… } arrive escaped; <b>, <i>, <code> are Telegram's own HTML.
### Keys and variables are the same in every language: tests/unit/test_locales.py checks it.

## Shared

moment = { $year }-{ $month }-{ $day }, { $hour }:{ $minute } ({ $zone })
posts =
    { $count ->
        [one] { $count } post
       *[other] { $count } posts
    }
posts-of-limit =
    { $count } of { $limit ->
        [one] { $limit } post
       *[other] { $limit } posts
    }
button-menu = « Back to menu
button-packages = 📦 Choose a package
button-add-post = 🔗 Add a post
button-stats = 📊 My statistics
button-support = ⚙️ Support
button-cancel = ✖️ Cancel
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
    🚀 Welcome to SocialBoost Bot!

    Choose a package to promote your posts:
menu =
    🏠 <b>Main menu</b>

    Choose what to do:
menu-package =
    📦 Your package: <b>{ $package }</b>
    📅 Active until: { $until }
    🔗 { posts-of-limit } left today
waiting-package = ⏭ next: { $package } until { $until }
waiting-more = ⏭ …
languages =
    🌐 <b>Language</b>

    Choose the bot's language:
unknown =
    🤔 I could not make sense of that.

    The button may be out of date. Please use the menu:
start-first =
    👋 Please send /start to begin.
command-start = Main menu
command-help = Help
command-privacy = What data we keep
command-paysupport = Questions about payment

## packages.py

packages =
    📦 <b>Promotion packages</b>

    Every package lasts 30 days. Choose one to see the details:
packages-none =
    📦 <b>Promotion packages</b>

    No packages are on sale right now. Please come back later.
category-starter = ━━━ ⭐ STARTER ━━━
category-professional = ━━━ 🔥 PROFESSIONAL ━━━
category-enterprise = ━━━ 🚀 ENTERPRISE ━━━
category-other = ━━━ 📦 { $category } ━━━
category-none = ━━━ 📦 OTHER ━━━
button-package-starter = 🥉 { $package } - { $price }
button-package-professional = 🥈 { $package } - { $price }
button-package-enterprise = 🥇 { $package } - { $price }
button-package-other = 🏅 { $package } - { $price }
package =
    📦 <b>{ $package }</b>

    💰 Price: <b>{ $price }</b>
    📅 Duration: 30 days
    🔗 Per day: { posts }
package-ranges = 📈 What to expect per post:
package-views = 👁 Views: { $range }
package-reactions = ❤️ Reactions: { $range }
package-comments = 💬 Comments: { $range }
package-reposts = 🔁 Reposts: { $range }
package-extends = ♻️ This package is already active: paying again adds another 30 days.
package-switches = 🔄 The new package starts right away, and the days left on “{ $package }” resume after it.
smaller-posts = ⬇️ Fewer posts per day: { $new } instead of { $now }
smaller-price = ⬇️ Lower price: { $new } instead of { $now }
package-gone =
    📦 This package is no longer on sale.

    Please choose another one:
button-order = 🛒 Order for { $price }
button-packages-back = « Packages

## orders.py

order-card =
    🧾 <b>Your order</b>

    📦 Package: <b>{ $package }</b>
    💰 Price: <b>{ $price }</b>
    💳 Amount due: <b>{ $crypto }</b> through CryptoBot
    ⏳ Pay by: { $until }
    🆔 <code>{ $order }</code>
order-smaller = ⚠️ <b>This package is smaller than your current “{ $package }”</b>
order-smaller-question = It starts as soon as you pay, and the days left on “{ $package }” resume after it. Do you really want to switch to a smaller package?
button-pay = 💳 Pay { $crypto }
button-pay-anyway = 💳 Yes, pay { $crypto }
button-cancel-order = ✖️ Cancel the order
pay-link =
    💳 <b>Your invoice is ready</b>

    📦 Package: <b>{ $package }</b>
    💰 Amount due: <b>{ $crypto }</b>
    ⏳ Pay by: { $until }

    Tap the button to open CryptoBot. Once you have paid, you will get a confirmation in this chat.
button-pay-link = 💳 Pay in CryptoBot
invoice-busy =
    ⏳ The invoice is being created.

    Please wait a few seconds: the link will appear in this chat.
invoice-limit =
    ⏳ <b>You have as many unpaid invoices as one person may have</b>

    Pay one of them or cancel an order. Otherwise this order gets its link by itself from { $at } on, while it is open.
order-cancelled =
    ✖️ <b>Order cancelled</b>

    📦 Package: { $package }
    You have not been charged. You can choose another package.
order-not-found =
    🔎 This order was not found.

    Please place a new one:
order-closed-paid = ℹ️ This order is already paid and “{ $package }” is active. You do not need to pay again.
order-closed-completed = ℹ️ This order (“{ $package }”) has expired. You can place a new one.
order-closed-cancelled = ✖️ This order (“{ $package }”) was cancelled. You can place a new one.
order-closed-expired = ⌛ The time to pay for this order (“{ $package }”) is over. You can place a new one.
order-closed-failed = ℹ️ No invoice could be created for this order (“{ $package }”). Please place a new one.
order-closed-processing = ℹ️ The money for this order (“{ $package }”) has arrived and is awaiting an admin's decision. You do not need to pay again.
order-closed-refunded = ℹ️ The money for this order (“{ $package }”) was refunded. You can place a new one.
receipt =
    ✅ Payment successful!

    Your package is active.

    📦 Package: <b>{ $package }</b>
    📅 Active until: <b>{ $until }</b>
    🔗 Per day: { posts }
    💳 Paid: { $crypto }
    🆔 <code>{ $order }</code>
receipt-late = ℹ️ The payment arrived late, but your package is active for the full 30 days.
receipt-after-cancel = ℹ️ The payment arrived after you cancelled this order. Your package is active all the same, for the full 30 days. If you do not want it, write to us: /paysupport
payment-notice-wrong_amount =
    ⚠️ <b>The amount paid is wrong</b>

    The money for the order below has arrived, but the amount is not the one due. The package is not active yet: an admin will decide, and we will let you know.
payment-notice-wrong_asset =
    ⚠️ <b>Paid in another currency</b>

    The money for the order below has arrived, but in another currency. The package is not active yet: an admin will decide, and we will let you know.
payment-notice-too_late =
    ⚠️ <b>The payment arrived too late</b>

    The order below was already closed. We have received the money; an admin will decide, and we will let you know.
payment-notice-second_payment =
    ⚠️ <b>A second payment</b>

    The order below was already paid. We have received your second payment, and an admin will decide what to do with it. Your package stays as it is.
payment-notice-invoice_failed =
    ⚠️ <b>The invoice could not be created</b>

    The payment service refused the invoice, so the order below is closed. You have not been charged. Please try again.
payment-notice-order_expired =
    ⌛ <b>The time to pay is over</b>

    The order below is cancelled. If you have just paid, there is nothing you need to do: the package becomes active as soon as the money arrives (within a day).
payment-notice-after-cancel = ℹ️ This money arrived after you cancelled the order.
payment-notice-no_invoice =
    ⌛ <b>The payment link could not be created</b>

    The payment service did not answer for an hour, so the order below is cancelled. You have not been charged. Please try again a little later.
payment-notice-order =
    📦 Package: { $package }
    💰 Order total: { $crypto }
    🆔 <code>{ $order }</code>
payment-notice-received = 💸 Received: { $crypto }
payment-notice-contact = Questions about payment: /paysupport

## posts.py

platforms =
    🔗 <b>Add a post</b>

    📦 Package: { $package }
    { posts-of-limit } left today

    Choose a platform:
ask-link =
    🔗 <b>{ $platform }</b>

    Send a link to a public post in one message.
    Example: <code>{ $example }</code>
example-telegram = https://t.me/channel/123
example-instagram = https://www.instagram.com/p/DPx4kQmjR2s/
example-tiktok = https://www.tiktok.com/@user/video/7420000000000000000
example-youtube = https://www.youtube.com/watch?v=dQw4w9WgXcQ
example-x = https://x.com/user/status/1850000000000000000
example-facebook = https://www.facebook.com/page/posts/1234567890123456
example-threads = https://www.threads.com/@user/post/DPx4kQmjR2s
no-active-package =
    📦 You have no active package.

    To add a post, choose a package first:
post-accepted =
    ✅ Post added!

    🔗 URL: { $url }
    ⚙️ Platform: { $platform }
    📊 { posts-of-limit } left today

    🚀 Promotion will start soon!
daily-limit =
    ⛔ <b>You have reached today's limit</b>

    Your package allows { posts } per day.
    You can add new posts after midnight ({ $zone }).
duplicate-post =
    ♻️ You have already added this post today.

    🔗 URL: { $url }

    This does not count towards your daily limit.
duplicate-post-sent = The link you sent leads to the same post: { $url }
rate-limit =
    ⏳ <b>Too many posts in a short time</b>

    🔗 URL: { $url }

    You can add this post from { $at } on. This does not count towards your daily limit.
post-link = 🔗 URL: { $url }
post-completed =
    🎉 <b>Your post has been promoted</b>

    🔗 URL: { $url }
    ⚙️ Platform: { $platform }
result-views = 👁 Views added: { $number }
result-reactions = ❤️ Reactions added: { $number }
result-comments = 💬 Comments added: { $number }
result-reposts = 🔁 Reposts added: { $number }
post-failed =
    😔 <b>Your post could not be promoted</b>

    🔗 URL: { $url }
    ⚙️ Platform: { $platform }
post-cancelled =
    🚫 <b>The promotion of your post was cancelled</b>

    🔗 URL: { $url }
    ⚙️ Platform: { $platform }
post-reason = Reason: <code>{ $reason }</code>
post-reason-none = No reason was given.
post-quota-back = This post does not count towards your daily limit.
link-rejected =
    ⚠️ { $sentence }

    Example: <code>{ $example }</code>
    This does not count towards your daily limit.
link-empty = Send a link to a post on { $platform } as text.
link-too_long = This is too long for a link: send just the address of the post on { $platform }.
link-not_a_link = This does not look like a link: send the address of a post on { $platform }.
link-several_links = Send one link at a time: one post on { $platform }, one message.
link-bad_characters = The link contains odd or invisible characters: copy the address of the post on { $platform } again.
link-bad_scheme = A link to a post on { $platform } must begin with https://.
link-userinfo = Links with a login or an @ before the site's name are not accepted: send the plain address of the post on { $platform }.
link-port = Links with a port number are not accepted: send the plain address of the post on { $platform }.
link-ip_host = Links with an IP address are not accepted: send the address of a post on { $platform }.
link-look_alike = The site's name only looks like the real one (some letters differ): send a link to a post on { $platform }.
link-wrong_host = This is not a { $platform } address: send a link to a post there.
link-other_platform = This is a { $found } link, but you chose { $platform }: send a link to a post on { $platform } or choose another platform.
link-story = Stories disappear, so they are not promoted: send a link to a post on { $platform }.
link-private = This post is private and others cannot see it: send a link to a public post on { $platform }.
link-invite = This is an invitation, not a post: send a link to a public post on { $platform }.
link-short_link = This is a short link: open it and send the full address of the post on { $platform }.
link-not_a_post = This link does not lead to a post: send the address of a single post on { $platform }.
button-other-platform = 🔄 Another platform
button-one-more-post = 🔗 Add another post

## stats.py

stats =
    📊 <b>My statistics</b>

    🧾 Orders: { $orders }
    💰 Spent: { $spent }
    🔗 Added in total: { posts }
    ⏳ In progress: { $active }
    🎉 Completed: { $completed }
    😔 Failed: { $failed }
stats-cancelled = 🚫 Cancelled: { $cancelled }
stats-package =
    📦 Package: <b>{ $package }</b>
    📅 Active until: { $until }
    🔗 { posts-of-limit } left today
stats-no-package = 📦 No active package.
button-history = 🕘 History
history = 🕘 <b>History</b>, page { $page }
history-empty =
    🕘 <b>History</b>

    Your orders and posts will show up here.
history-order = 📦 { $package } · { $price } · { $status }
history-runs = 📅 Active until: { $until }
history-post =
    🔗 { $url }
    { $platform } · { $status } · { $at }
order-status-pending = awaiting payment
order-status-paid = paid
order-status-processing = awaiting a decision
order-status-completed = expired
order-status-failed = failed
order-status-cancelled = cancelled
order-status-refunded = refunded
post-status-pending = queued
post-status-processing = in progress
post-status-completed = completed
post-status-failed = failed
post-status-cancelled = cancelled
status-other = unknown
button-newer = ‹ Newer
button-older = Older ›
button-stats-back = « Statistics

## support.py

support =
    ⚙️ <b>Support</b>

    The FAQ answers the most common questions.
support-contact = ✉️ Write to us: { $contact }
support-no-contact = ✉️ You will find our contact in this bot's description.
button-faq = ❓ FAQ
button-privacy = 🔒 Privacy
button-languages = 🌐 Language
button-support-back = « Support
faq =
    ❓ <b>Frequently asked questions</b>

    <b>How does it work?</b>
    Choose a package, pay for it in USDT through CryptoBot and send links to your posts every day, up to the package's limit.

    <b>When does promotion start?</b>
    Your post is queued right away. You get a message when it is done.

    <b>How long does a package last?</b>
    30 days from payment. The daily limit renews at midnight; unused posts do not carry over.

    <b>What if a post cannot be promoted?</b>
    We tell you why, and the post does not count towards your daily limit.

    <b>Which links do you accept?</b>
    Public posts on Telegram, Instagram, TikTok, YouTube, X, Facebook and Threads. No stories, private posts or short links.

    <b>What if I buy another package while one is active?</b>
    The same package adds 30 days. A different one starts right away, and the days left on the first one resume after it.
privacy =
    🔒 <b>Privacy</b>

    <b>What we keep:</b> your Telegram ID, name and username, language, the parameter you opened the bot with, the time of your last action; your orders and payments (amount, currency, time); the links to your posts and their status. Messages from the payment service are stored encrypted. We never ask for passwords or card details and have none.

    <b>What for:</b> to take payments, promote posts and answer your questions. We give no data to other companies for advertising.

    <b>Who receives it:</b> the promotion service gets the link to your post, your Telegram ID, username and the package's name; CryptoBot gets the amount and the order number.

    <b>Deletion:</b> write to support, and we will delete your data. Payment records are kept for as long as the law requires, without your name.
paysupport =
    💳 <b>Questions about payment</b>

    • Your package becomes active as soon as CryptoBot confirms the payment, usually within seconds.
    • A payment of the wrong amount, in another currency or too late is not lost: an admin reviews it.
    • When you write to us, please have the order number (🆔) and the time of payment ready.
    • Refunds are made through CryptoBot to the Telegram account that placed the order.

    Telegram's and CryptoBot's support cannot help with this shop's payments.
help =
    ℹ️ <b>Help</b>

    Here you can buy a promotion package and send links to your posts.

    /start: main menu
    /help: this page
    /paysupport: questions about payment
    /privacy: what data we keep
