"""Every text and keyboard a person sees: pure functions of data and a language.

The texts are in socialboost/locales, a file or a folder for each language. These modules, one for each topic,
decide which text and which buttons make a screen. `language` is any language code (texts.language() reduces
it to one of the shop's), `zone` the shop's time zone. Data are rows or JSON objects as sql/queries returns
them: money as Decimal, int or str, times as aware datetimes or ISO text. All values are escaped here.

    core      Screen(text, keyboard, lasting).keyboard_markup(), Button(text, callback | url)
    texts     language(code), texts(language).html(key, **values), price(), crypto()
    menu      welcome(stats | None, language, zone)      menu(stats | None, language, zone)
              languages(language)  unknown(language)  start_first(language)
              bot_commands(language) -> ((command, description), ...)
    packages  packages(list, language)  package(item, language, current=None)  package_gone(language)
    orders    order_card(order, language, zone)  pay_link(order, language, zone)  invoice_busy(language)
              order_cancelled(order, language)  order_not_found(language)  order_closed(order, language)
              receipt(order, language, zone)     payment_notice(kind, order, language)
    posts     platforms(current_package, language)  ask_link(platform, language)
              no_active_package(language)        post_accepted(answer, url, platform, language)
              daily_limit(limit, language, zone, url=None)  duplicate_post(url, language)
              post_rejected(code, platform, found_platform, language)
              post_completed(post, language)     post_failed(post, language)
    stats     stats(figures, language, zone)     history(entries, page, language, zone); stats.ENTRIES
    support   page(name, language, contact="")   support faq privacy paysupport help_page
    notices   admin_notice(kind, data, language, private=True)
"""
