-- The checksum of the event before, where that one was taken out of the journal: so the chain goes
-- on over the gap. Its own checksum is over this one, like any other's over the one before.
ALTER TABLE event ADD COLUMN bridge BLOB;
