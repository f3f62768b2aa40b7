-- The path of the sender that gives the letter's link, asked for at each try; NULL without one.
ALTER TABLE messages ADD COLUMN link_from TEXT;
