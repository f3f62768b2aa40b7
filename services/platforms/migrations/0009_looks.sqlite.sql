-- The log by what was changed, newest first: without sorting it anew for each part. The index of
-- both together is not needed beside one of the id alone.
CREATE INDEX changes_by_entity ON changes (entity, at, id);
CREATE INDEX changes_of_thing ON changes (entity_id, at, id);
DROP INDEX changes_of_entity;
-- What was changed of costs and licences. Whoever asks for it says the same, letter by letter.
CREATE INDEX changes_of_costs ON changes (at, id)
    WHERE instr(changed_fields, '"cost_') > 0 OR instr(changed_fields, '"licence_') > 0
        OR instr(changed_fields, '"budget_code"') > 0
        OR instr(changed_fields, '"purchase_order"') > 0;

-- When their makers stop to look after them; behind all days when nobody has said so.
ALTER TABLE shelf ADD COLUMN eol_on TEXT NOT NULL DEFAULT 'never';
UPDATE shelf SET eol_on = coalesce(
    (SELECT p.eol_on FROM platforms p WHERE p.id = shelf.platform_id), 'never');
CREATE INDEX shelf_by_eol ON shelf (eol_on, number);
CREATE INDEX platforms_by_eol ON platforms (eol_on, number);

-- How many platforms each team has.
CREATE INDEX shelf_of_team ON shelf (owner_team_id, archived);
-- Those that have custom fields at all.
CREATE INDEX platforms_with_fields ON platforms (id)
    WHERE archived_at IS NULL AND custom_fields <> '{}';
