-- The journal. Nothing is ever updated or deleted here.
CREATE TABLE event (
    seq     INTEGER PRIMARY KEY,
    at_ms   INTEGER NOT NULL,
    task    INTEGER,
    attempt INTEGER,
    noun    TEXT NOT NULL,
    event   TEXT NOT NULL,
    version INTEGER NOT NULL,
    body    TEXT NOT NULL
) STRICT;

-- Each index ends in the row's own number, which is `seq`, so that it also gives the order.
CREATE INDEX event_by_task ON event (task) WHERE task IS NOT NULL;
CREATE INDEX event_by_attempt ON event (task, attempt) WHERE attempt IS NOT NULL;
CREATE INDEX event_of_no_task ON event (noun) WHERE task IS NULL;

-- What is too large for an event.
CREATE TABLE blob (
    hash  BLOB PRIMARY KEY,
    bytes BLOB NOT NULL
) STRICT;

-- The form of the projections that are in this file: they are built anew when it changes.
CREATE TABLE projection (
    form INTEGER NOT NULL
) STRICT;
