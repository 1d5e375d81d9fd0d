### Answers to unrequested messages: texts, stickers, commands, several links.

## strays.py

stray =
    💬 I understand buttons, commands and links.

    🔗 To promote a post, send a link to it: you need an active package.
    ❓ A question about an order or a payment? Tap “Support”.

    Here is what I can do:
unknown-command =
    🤷 There is no such command.

    All commands: /help. Or use the menu:
too-fast = 🐢 That was too much at once, so some of it was skipped. Please wait a minute: /start, paying and cancelling work right now.
post-processing =
    ⏳ We are checking your link; the answer is on its way.

    To add another post, send a link to it.

## several.py

posts-added = ✅ Posts added: { $accepted } of { $total }
posts-none-added = ⚠️ No post was added
posts-line-added = { $number }. ✅ { $url } — { $platform }
posts-line-refused = { $number }. ❌ { $url } — { $reason }
posts-cut = We take { $count } links at a time: please send the rest in another message.
posts-left = 🔗 { posts-of-limit } left today
brief-duplicate_post = already added today
brief-daily_limit = today's limit is used up
brief-rate_limit = too many at once, possible again after { $until }
brief-no_active_package = no active package
brief-empty = no link
brief-too_long = the address is too long
brief-not_a_link = not a link
brief-several_links = several links in one
brief-bad_characters = stray or invisible characters
brief-bad_scheme = the address must start with https://
brief-userinfo = a login or @ before the site's address
brief-port = a port number in the address
brief-ip_host = an IP address instead of a site
brief-look_alike = the site's address only looks like the real one
brief-wrong_host = we do not support this network
brief-other_platform = another platform
brief-story = we do not promote stories
brief-private = a private post
brief-invite = an invitation, not a post
brief-short_link = a shortened link, please send the full one
brief-not_a_post = not a link to a post
