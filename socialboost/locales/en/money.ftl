### The balance and decisions about payments, as the buyer sees them. The rules are shop.ftl's.

balance = 💼 Balance: <b>{ $balance }</b>
button-pay-balance = 💼 Pay from the balance ({ $balance })
balance-short =
    💼 <b>The balance is too low</b>

    Balance: { $balance }, to pay: { $crypto }. Pay this order through CryptoBot:
decision-credited =
    💼 <b>The money is on your balance</b>

    Payment: { $crypto }
    Balance: <b>{ $balance }</b>

    A package can be paid from it: the order shows a button once it is enough.
decision-refunded =
    ↩️ <b>The money was sent back</b>

    Payment: { $crypto }
    Money from CryptoBot goes back to CryptoBot, what was paid from the balance to the balance. Your balance: { $balance }
decision-dismissed =
    ℹ️ <b>Your payment was looked at</b>

    Payment: { $crypto }
    An admin closed it without crediting anything. If you disagree, write to us.
decision-order =
    📦 Package: { $package }
    🆔 <code>{ $order }</code>
