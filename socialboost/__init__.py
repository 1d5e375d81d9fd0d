"""SocialBoost: a Telegram storefront and order pipeline."""
