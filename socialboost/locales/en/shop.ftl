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
posts-of-limit = { posts } of { $limit }
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
    🔗 Left today: { posts-of-limit }
waiting-package = ⏭ next: { $package } until { $until }
waiting-more = ⏭ …
languages =
    🌐 <b>Language</b>

    Choose the bot's language:
button-language-uk = 🇺🇦 Українська
button-language-en = 🇬🇧 English
unknown =
    🤔 I could not make sense of that.

    The button may be out of date. Please use the menu:
start-first =
    👋 Please send /start first, and we can begin.
command-start = Main menu
command-help = Help
command-privacy = What data we keep
command-paysupport = Questions about payment

## packages.py

packages =
    📦 <b>Promotion packages</b>

    Every package runs for 30 days. Choose one to see its terms:
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
    📅 Runs for: 30 days
    🔗 Daily: { posts }
package-ranges = 📈 What to expect for one post:
package-views = 👁 Views: { $range }
package-reactions = ❤️ Reactions: { $range }
package-comments = 💬 Comments: { $range }
package-reposts = 🔁 Reposts: { $range }
package-extends = ♻️ You already have this package: paying again adds 30 more days.
package-switches = 🔄 The new package starts at once, and the days left of “{ $package }” resume after it.
smaller-posts = ⬇️ Smaller daily limit: { $new } instead of { $now }
smaller-price = ⬇️ Lower price: { $new } instead of { $now }
package-gone =
    📦 This package is no longer on sale.

    Please choose another one:
button-order = 🛒 Order for { $price }
button-packages-back = « To the packages

## orders.py

order-card =
    🧾 <b>Your order</b>

    📦 Package: <b>{ $package }</b>
    💰 Price: <b>{ $price }</b>
    💳 To pay: <b>{ $crypto }</b> through CryptoBot
    ⏳ Can be paid until: { $until }
    🆔 <code>{ $order }</code>
order-smaller = ⚠️ <b>This package is smaller than your current “{ $package }”</b>
order-smaller-question = It starts as soon as you pay, and the days left on “{ $package }” resume after it. Do you really want to switch to a smaller package?
button-pay = 💳 Pay { $crypto }
button-pay-anyway = 💳 Yes, pay { $crypto }
button-cancel-order = ✖️ Cancel the order
pay-link =
    💳 <b>Your invoice is ready</b>

    📦 Package: <b>{ $package }</b>
    💰 To pay: <b>{ $crypto }</b>
    ⏳ Can be paid until: { $until }

    Tap the button to open CryptoBot. Once you have paid, we confirm it in this chat.
button-pay-link = 💳 Pay in CryptoBot
invoice-busy =
    ⏳ The invoice is being made.

    Please wait a few seconds, the link will appear in this chat.
order-cancelled =
    ✖️ <b>The order is cancelled</b>

    📦 Package: { $package }
    Nothing was charged. You can choose another package.
order-not-found =
    🔎 There is no such order.

    Please place a new one:
order-closed-paid = ℹ️ This order is already paid and “{ $package }” is active. There is no need to pay again.
order-closed-completed = ℹ️ This order (“{ $package }”) has run its days. You can place a new one.
order-closed-cancelled = ✖️ This order (“{ $package }”) was cancelled. You can place a new one.
order-closed-expired = ⌛ The time to pay for this order (“{ $package }”) is over. You can place a new one.
order-closed-failed = ℹ️ No invoice could be made for this order (“{ $package }”). Please place a new one.
order-closed-processing = ℹ️ The money for this order (“{ $package }”) has arrived and waits for an admin's decision. There is no need to pay again.
order-closed-refunded = ℹ️ The money for this order (“{ $package }”) was returned. You can place a new one.
receipt =
    ✅ Payment successful!

    Your package is active.

    📦 Package: <b>{ $package }</b>
    📅 Active until: <b>{ $until }</b>
    🔗 Daily: { posts }
    💳 Paid: { $crypto }
    🆔 <code>{ $order }</code>
receipt-late = ℹ️ The payment came late, but your package is active for the full 30 days.
receipt-after-cancel = ℹ️ The payment came after you cancelled this order. Your package is active all the same, for the full 30 days. If you do not want it, write to us: /paysupport
payment-notice-wrong_amount =
    ⚠️ <b>The amount paid is different</b>

    Money for the order below has arrived, but not the amount due. The package is not active yet: an admin will decide, and we will tell you.
payment-notice-wrong_asset =
    ⚠️ <b>Paid in another currency</b>

    Money for the order below has arrived in another currency. The package is not active yet: an admin will decide, and we will tell you.
payment-notice-too_late =
    ⚠️ <b>The payment came too late</b>

    The order below was already closed. The money has arrived, an admin will decide, and we will tell you.
payment-notice-second_payment =
    ⚠️ <b>A second payment</b>

    The order below was already paid. The second payment has arrived and an admin will decide about it. Your package does not change.
payment-notice-invoice_failed =
    ⚠️ <b>No invoice could be made</b>

    The payment service did not answer, so the order below is closed. Nothing was charged. Please order again.
payment-notice-order_expired =
    ⌛ <b>The time to pay is over</b>

    The order below is cancelled. If you have just paid, there is nothing to do: the package becomes active when the money arrives (within a day).
payment-notice-after-cancel = ℹ️ This money came after you cancelled the order.
payment-notice-order =
    📦 Package: { $package }
    💰 Order total: { $crypto }
    🆔 <code>{ $order }</code>
payment-notice-contact = Questions about payment: /paysupport

## posts.py

platforms =
    🔗 <b>Add a post</b>

    📦 Package: { $package }
    Left today: { posts-of-limit }

    Choose the platform:
ask-link =
    🔗 <b>{ $platform }</b>

    Send the link of a public post in one message.
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
    📊 Left today: { posts-of-limit }

    🚀 Promotion starts soon!
daily-limit =
    ⛔ <b>Today's limit is used up</b>

    Your package allows { posts } a day.
    You can add new posts after midnight ({ $zone }).
duplicate-post =
    ♻️ You have already added this post today.

    🔗 URL: { $url }

    Your daily limit was not used.
duplicate-post-sent = The link you sent leads to the same post: { $url }
rate-limit =
    ⏳ <b>Too many posts in a short time</b>

    🔗 URL: { $url }

    You can add this post from { $at } on. Your daily limit was not used.
post-link = 🔗 URL: { $url }
post-completed =
    🎉 <b>Promotion of your post is complete</b>

    🔗 URL: { $url }
    ⚙️ Platform: { $platform }
result-views = 👁 Views added: { $number }
result-reactions = ❤️ Reactions added: { $number }
result-comments = 💬 Comments added: { $number }
result-reposts = 🔁 Reposts added: { $number }
post-failed =
    😔 <b>The post could not be promoted</b>

    🔗 URL: { $url }
    ⚙️ Platform: { $platform }
post-cancelled =
    🚫 <b>Promotion of the post was cancelled</b>

    🔗 URL: { $url }
    ⚙️ Platform: { $platform }
post-reason = Reason: <code>{ $reason }</code>
post-reason-none = No reason was given.
post-quota-back = This post does not count towards your daily limit.
link-rejected =
    ⚠️ { $sentence }

    Example: <code>{ $example }</code>
    Your daily limit was not used.
link-empty = Send the link of a post on { $platform } as text.
link-too_long = This is too long for a link: send just the address of the post on { $platform }.
link-not_a_link = This does not look like a link: send the address of a post on { $platform }.
link-several_links = Send one link at a time: one post on { $platform }, one message.
link-bad_characters = The link has odd or invisible characters in it: copy the address of the post on { $platform } again.
link-bad_scheme = The link of a post on { $platform } has to begin with https://.
link-userinfo = A link with a login or an @ before the site's name is not accepted: send the plain address of the post on { $platform }.
link-port = A link with a port number is not accepted: send the plain address of the post on { $platform }.
link-ip_host = A link with an IP address is not accepted: send the address of a post on { $platform }.
link-look_alike = The site's name only looks like the real one (other letters): send the link of a post on { $platform }.
link-wrong_host = This is not the site of { $platform }: send the link of a post there.
link-other_platform = This is a link to { $found }, but you chose { $platform }: send the link of a post on { $platform } or choose another platform.
link-story = Stories disappear, so they are not promoted: send the link of a post on { $platform }.
link-private = This post is private and others cannot see it: send the link of a public post on { $platform }.
link-invite = This is an invitation, not a post: send the link of a public post on { $platform }.
link-short_link = This is a short link: open it and send the full address of the post on { $platform }.
link-not_a_post = This link does not lead to a post: send the address of a single post on { $platform }.
button-other-platform = 🔄 Another platform
button-one-more-post = 🔗 Add another post

## stats.py

stats =
    📊 <b>My statistics</b>

    🧾 Orders: { $orders }
    💰 Spent: { $spent }
    🔗 Added in all: { posts }
    ⏳ In progress: { $active }
    🎉 Completed: { $completed }
    😔 Failed: { $failed }
stats-cancelled = 🚫 Cancelled: { $cancelled }
stats-package =
    📦 Package: <b>{ $package }</b>
    📅 Active until: { $until }
    🔗 Left today: { posts-of-limit }
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
order-status-pending = waits for payment
order-status-paid = paid
order-status-processing = waits for a decision
order-status-completed = ended
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
button-stats-back = « To statistics

## support.py

support =
    ⚙️ <b>Support</b>

    Answers to frequent questions are in the FAQ.
support-contact = ✉️ Write to us: { $contact }
support-no-contact = ✉️ The support contact is in this bot's description.
button-faq = ❓ FAQ
button-privacy = 🔒 Privacy
button-languages = 🌐 Language
button-support-back = « To support
faq =
    ❓ <b>Frequent questions</b>

    <b>How does it work?</b>
    Choose a package, pay for it in USDT through CryptoBot and send links of your posts, every day within the package's limit.

    <b>When does promotion start?</b>
    The post joins the queue at once. When the work is done, you get a message.

    <b>How long does a package run?</b>
    30 days from the payment. The daily limit renews at midnight, unused posts do not carry over.

    <b>What if a post cannot be promoted?</b>
    We tell you the reason, and the post does not count towards your daily limit.

    <b>Which links do you take?</b>
    Public posts on Telegram, Instagram, TikTok, YouTube, X, Facebook and Threads. No stories, private posts or short links.

    <b>I have a package and buy another one?</b>
    The same package adds 30 days. A different one starts at once, and the days left of the earlier one resume after it.
privacy =
    🔒 <b>Privacy</b>

    <b>What we keep:</b> your Telegram ID, name and username, language, the parameter you opened the bot with, the time of your last action; your orders and payments (amount, currency, time); the links of your posts and their state. Messages from the payment service are stored encrypted. We never ask for passwords or card details and have none.

    <b>What for:</b> to take payment, promote posts and answer you. We give no data to other companies for advertising.

    <b>Who receives it:</b> the promotion service gets the post's link, your Telegram ID, username and the package's name; CryptoBot gets the amount and the order's number.

    <b>Deletion:</b> write to support and we delete your data. Records of payments stay for as long as the law asks, without your name.
paysupport =
    💳 <b>Questions about payment</b>

    • The package becomes active by itself when CryptoBot confirms the payment, usually within seconds.
    • A payment of another amount, in another currency or too late is not lost: an admin looks at it.
    • When you write to us, have the order's number (🆔) and the time of the payment ready.
    • Money is returned through CryptoBot to the Telegram account that placed the order.

    Telegram's and CryptoBot's support cannot help with this shop's payments.
help =
    ℹ️ <b>Help</b>

    Here you can buy a promotion package and send links of your posts.

    /start: main menu
    /help: this page
    /paysupport: questions about payment
    /privacy: what data we keep
