-- Times are seconds since 1970.

-- Refresh tokens: one row for each sign-in, with the hash of the token that is good now.
CREATE TABLE auth_refresh_family (
    id TEXT COLLATE "C" PRIMARY KEY,
    sha256 BYTEA NOT NULL,
    -- The claim `iss` of the access tokens.
    issuer TEXT COLLATE "C" NOT NULL,
    subject TEXT COLLATE "C" NOT NULL,
    -- The tokens are good while the user has this one.
    credential_epoch BIGINT NOT NULL,
    client_id TEXT NOT NULL,
    -- Absent if no scopes were asked for.
    scope TEXT,
    signed_in_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (subject) REFERENCES auth_user (subject) ON DELETE CASCADE
);

CREATE INDEX auth_refresh_family_by_subject ON auth_refresh_family (subject);

CREATE INDEX auth_refresh_family_by_expires_at ON auth_refresh_family (expires_at);

-- Keys that sign tokens. A private key is sealed with the secret key for passwords.
CREATE TABLE auth_signing_key (
    -- The order in which keys were added.
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id TEXT COLLATE "C" NOT NULL UNIQUE,
    published_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,
    retired_at BIGINT,
    sealed BYTEA NOT NULL
);

-- Tokens that were revoked before they expired.
CREATE TABLE auth_revocation (
    -- Goes up in the order in which rows become visible.
    position BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issuer TEXT COLLATE "C" NOT NULL,
    -- 0: `name` is a `jti`; 1: a `sid`; 2: a `sub`.
    kind SMALLINT NOT NULL,
    name TEXT COLLATE "C" NOT NULL,
    -- When the last of the tokens expires; of a `sub`: tokens issued before are revoked.
    revoked_at BIGINT NOT NULL,
    forget_at BIGINT NOT NULL
);

CREATE INDEX auth_revocation_by_forget_at ON auth_revocation (forget_at);
