-- Over the event and the checksum of the one before. Every event has one; those of the format
-- before are given theirs in the same transaction.
ALTER TABLE event ADD COLUMN checksum BLOB;

-- Who may write: whoever opened the file last. Each opening raises the number.
CREATE TABLE lease (
    epoch INTEGER NOT NULL
) STRICT;
INSERT INTO lease (epoch) VALUES (0);
