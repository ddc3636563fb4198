-- Times are seconds since 1970.

CREATE TABLE auth_session (
    -- Half of the hash of the token, in hex.
    id TEXT PRIMARY KEY,
    subject TEXT NOT NULL,
    issuer TEXT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    -- The session as JSON.
    record TEXT NOT NULL,
    -- The epoch that its end raised. The row stays for a while, so that each process learns of the end.
    ended_in BIGINT,
    ended_at BIGINT
);

CREATE INDEX auth_session_by_user ON auth_session (subject, issuer);
CREATE INDEX auth_session_by_ended_in ON auth_session (ended_in);
CREATE INDEX auth_session_by_expires_at ON auth_session (expires_at);

-- Goes up by one with each end of sessions.
INSERT INTO auth_epoch (id, epoch) VALUES (2, 0);
