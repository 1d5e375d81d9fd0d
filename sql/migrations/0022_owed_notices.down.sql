DROP TABLE moved_chats, owed_notices;
