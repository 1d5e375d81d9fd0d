## broadcasts.py
broadcast-compose =
    📢 <b>New broadcast</b>

    Send the message you want people to get: formatted text, or one photo, video, document and so on. Nothing is sent until you confirm.
broadcast-segments = 👥 <b>Who gets it?</b>
broadcast-segment-all = Everybody
broadcast-segment-active = Have an active package
broadcast-segment-expired = Package has expired
broadcast-segment-never_bought = Never bought
broadcast-segment-language = Language: { $language }
broadcast-segment-seen_7 = Active in the last 7 days
broadcast-segment-seen_30 = Active in the last 30 days
broadcast-segment-seen_90 = Active in the last 90 days
broadcast-confirmation =
    👆 <b>This is what people will see</b>

    To: { $segment }
    Recipients: <b>{ $count }</b>
    Will take about: { $duration }
broadcast-ask-buttons =
    🔗 <b>Buttons below the message</b>

    Send up to 10 lines in this form:
    <code>Label - https://example.com</code>
    One line is one button. The line <code>-</code> removes them.
broadcast-ask-time =
    🕒 <b>When?</b>

    Time in { $zone }, for example
    <code>24.12.2026 18:00</code>
broadcast-empty_text = ❌ There is nothing in this message to send. Send a text, photo, video or document.
broadcast-album = ❌ An album cannot be sent to everybody. Send one photo or video with its text, or the text alone.
broadcast-bad_buttons = ❌ These buttons cannot be used. Send 1 to 10 lines like <code>Label - https://example.com</code>, https only.
broadcast-bad_time = ❌ I cannot read this time. Example: <code>24.12.2026 18:00</code>
broadcast-past_time = ❌ This time is in the past or more than a year away. Send another one.
broadcast-no_draft = ❌ This broadcast is no longer a draft and cannot be changed.
broadcast-refused =
    ❌ <b>Telegram does not accept this message</b>

    <code>{ $reason }</code>

    Nothing was sent to anybody. Compose the broadcast again.
broadcast-card =
    📢 <b>Broadcast: { $status }</b>

    To: { $segment }
    Recipients when confirmed: { $count }
broadcast-moved = 📢 The card of this broadcast is in another message now.
broadcast-reason = Reason: <code>{ $reason }</code>
broadcast-reason-telegram_away = ⏳ Telegram is not answering. The broadcast continues automatically. <code>{ $detail }</code>
broadcast-reason-refuses_us = ⏳ Telegram refuses the bot: check { $detail }. Then the broadcast continues automatically.
broadcast-reason-mostly_refused = Reason: { $detail } of Telegram's first answers were refusals. Check the message and the recipients, then resume or cancel.
broadcast-reason-restored = ⏸ The database was restored from a copy, and some of the recipients may have received this message already. Resume or cancel.
broadcast-when = 🕒 Begins: { $moment }
broadcast-counts =
    📨 On the list: { $recipients }
    ✔️ Sent: { $sent }
    🚫 Unreachable: { $blocked }
    ⚠️ Refused: { $failed }
    ❔ Delivery unknown: { $unknown }
    ⏭ Skipped: { $skipped }
broadcast-left = ⏳ Left: { $duration } (now { $rate }/s)
broadcast-duration-moment = less than a minute
broadcast-duration-minutes = { $minutes } min
broadcast-duration-hours = { $hours } h { $minutes } min
broadcast-status-draft = draft
broadcast-status-scheduled = scheduled
broadcast-status-running = running
broadcast-status-paused = paused
broadcast-status-completed = completed
broadcast-status-cancelled = cancelled
broadcast-status-failed = stopped by an error
broadcast-list = 📋 <b>Broadcasts</b>
button-broadcast-entry = { $moment } · { $status }
button-broadcast-newer = ◀️ Newer
button-broadcast-older = Older ▶️
button-broadcast-new = ➕ New broadcast
button-broadcast-list = 📋 All broadcasts
button-broadcast-back = ◀️ To the broadcast
button-broadcast-send = 🚀 Send now
button-broadcast-buttons = 🔗 Buttons
button-broadcast-time = 🕒 Schedule
button-broadcast-continue = ▶️ Continue
button-broadcast-refresh = 🔄 Refresh
button-broadcast-pause = ⏸ Pause
button-broadcast-resume = ▶️ Resume
button-broadcast-cancel = ❌ Cancel the broadcast
button-admin-broadcast = 🔔 Broadcast
