### The balance and decisions about payments, as the buyer sees them. The rules are shop.ftl's.

balance = 💼 Balance: <b>{ $balance }</b>
button-pay-balance = 💼 Pay from the balance ({ $balance })
balance-short =
    💼 <b>Your balance is too low</b>

    Balance: { $balance }, amount due: { $crypto }. Pay for this order through CryptoBot:
decision-credited =
    💼 <b>The money was added to your balance</b>

    Payment: { $crypto }
    Balance: <b>{ $balance }</b>

    You can pay for a package with it: the button appears in the order once your balance is enough.
decision-refunded =
    ↩️ <b>Your money was refunded</b>

    Payment: { $crypto }
    What was paid through CryptoBot is refunded to CryptoBot, what was paid from your balance to your balance. Your balance: { $balance }
decision-dismissed =
    ℹ️ <b>Your payment was reviewed</b>

    Payment: { $crypto }
    An admin closed it without crediting it. If you disagree, write to us.
decision-order =
    📦 Package: { $package }
    🆔 <code>{ $order }</code>
