-- Uses of all commands: whose they are, and by a value of theirs.
CREATE INDEX usages_of_user ON usages (user_id, at);
CREATE INDEX usages_by_time ON usages (at, id);
CREATE INDEX usage_values_of_all ON usage_values (value, usage_id);
