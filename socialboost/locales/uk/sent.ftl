### Що людина надсилає сама: слова, стікери, команди, кілька посилань.

## strays.py

stray =
    💬 Я розумію кнопки, команди й посилання.

    🔗 Щоб просувати пост, надішліть посилання на нього — потрібен активний пакет.
    ❓ Є питання щодо замовлення чи оплати? Натисніть «Підтримка».

    Ось що я вмію:
unknown-command =
    🤷 Такої команди немає.

    Усі команди: /help. Або скористайтеся меню:
too-fast = 🐢 Забагато дій поспіль, тож частину з них пропущено. Зачекайте хвилинку: /start, оплата й скасування працюють і зараз.
post-processing =
    ⏳ Перевіряємо ваше посилання, відповідь надійде за мить.

    Щоб додати ще один пост, надішліть посилання на нього.

## several.py

posts-added = ✅ Пост успішно додано: { $accepted } з { $total }
posts-none-added = ⚠️ Жодного поста не додано
posts-line-added = { $number }. ✅ { $url } — { $platform }
posts-line-refused = { $number }. ❌ { $url } — { $reason }
posts-cut = За раз приймаємо { $count } посилань: решту надішліть наступним повідомленням.
posts-left = 🔗 Залишилося сьогодні: { posts-of-limit }
brief-duplicate_post = сьогодні вже додано
brief-daily_limit = ліміт на сьогодні вичерпано
brief-rate_limit = забагато за раз, можна буде після { $until }
brief-no_active_package = немає активного пакета
brief-empty = немає посилання
brief-too_long = задовга адреса
brief-not_a_link = це не посилання
brief-several_links = кілька посилань разом
brief-bad_characters = зайві або невидимі символи
brief-bad_scheme = адреса має починатися з https://
brief-userinfo = логін або @ перед адресою сайту
brief-port = номер порту в адресі
brief-ip_host = IP-адреса замість сайту
brief-look_alike = адреса сайту лише схожа на справжню
brief-wrong_host = такої мережі не підтримуємо
brief-other_platform = інша платформа
brief-story = історії не просуваємо
brief-private = закритий пост
brief-invite = це запрошення, а не пост
brief-short_link = скорочене посилання, надішліть повне
brief-not_a_post = веде не на пост
