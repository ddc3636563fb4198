-- Times are seconds since 1970.

-- Refresh tokens: one row for each sign-in, with the hash of the token that is good now.
CREATE TABLE auth_refresh_family (
    id VARCHAR(64) PRIMARY KEY,
    sha256 BINARY(32) NOT NULL,
    -- The claim `iss` of the access tokens.
    issuer VARCHAR(1024) NOT NULL,
    subject VARCHAR(32) NOT NULL,
    -- The tokens are good while the user has this one.
    credential_epoch BIGINT NOT NULL,
    client_id VARCHAR(255) NOT NULL,
    -- Absent if no scopes were asked for.
    scope TEXT,
    signed_in_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (subject) REFERENCES auth_user (subject) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX auth_refresh_family_by_subject ON auth_refresh_family (subject);

CREATE INDEX auth_refresh_family_by_expires_at ON auth_refresh_family (expires_at);

-- Keys that sign tokens. A private key is sealed with the secret key for passwords.
CREATE TABLE auth_signing_key (
    -- The order in which keys were added.
    position BIGINT PRIMARY KEY AUTO_INCREMENT,
    id VARCHAR(64) NOT NULL UNIQUE,
    published_at BIGINT NOT NULL,
    signs_from BIGINT NOT NULL,
    retired_at BIGINT,
    sealed VARBINARY(1024) NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Tokens that were revoked before they expired.
CREATE TABLE auth_revocation (
    -- Goes up in the order in which rows become visible.
    position BIGINT PRIMARY KEY AUTO_INCREMENT,
    issuer VARCHAR(1024) NOT NULL,
    -- 0: `name` is a `jti`; 1: a `sid`; 2: a `sub`.
    kind SMALLINT NOT NULL,
    name VARCHAR(1024) NOT NULL,
    -- When the last of the tokens expires; of a `sub`: tokens issued before are revoked.
    revoked_at BIGINT NOT NULL,
    forget_at BIGINT NOT NULL
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE INDEX auth_revocation_by_forget_at ON auth_revocation (forget_at);
