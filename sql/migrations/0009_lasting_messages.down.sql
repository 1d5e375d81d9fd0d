DROP TABLE lasting_messages;
