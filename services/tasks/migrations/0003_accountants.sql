-- Tasks fall to accountants as well (B-10); until now they fell to workers only.
UPDATE people SET eligible = TRUE
WHERE eligible = FALSE AND disabled = FALSE
    AND ' ' || roles || ' ' LIKE '% accountant %'
    AND ' ' || roles || ' ' NOT LIKE '% manager %'
    AND ' ' || roles || ' ' NOT LIKE '% admin %';
