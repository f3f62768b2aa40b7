CREATE INDEX payouts_unmailed ON payouts (made_at, id) WHERE mail IN ('asked', 'unanswered');
