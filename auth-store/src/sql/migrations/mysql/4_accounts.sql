-- Times are seconds since 1970.

-- The e-mail address with ASCII letters in lower case, if it is verified. Mail to reset the password goes to `email`.
ALTER TABLE auth_user ADD COLUMN verified_email VARCHAR(320);

CREATE INDEX auth_user_by_verified_email ON auth_user (verified_email);

-- Tokens of links in mails: one for each user and purpose.
CREATE TABLE auth_one_time_token (
    user_id BIGINT NOT NULL,
    purpose VARCHAR(32) NOT NULL,
    sha256 BINARY(32) NOT NULL UNIQUE,
    -- The address that the mail was sent to.
    address VARCHAR(320) NOT NULL,
    -- The token is valid while the user has this one.
    credential_epoch BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (user_id, purpose),
    FOREIGN KEY (user_id) REFERENCES auth_user (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

-- Secrets of authenticator apps, encrypted by the secret key for passwords if there is one.
CREATE TABLE auth_second_factor (
    user_id BIGINT PRIMARY KEY,
    -- Absent until the first code was right.
    secret VARBINARY(255),
    -- A secret whose first code is awaited.
    new_secret VARBINARY(255),
    -- The time step of the last code. No code of this step or an earlier one is accepted.
    last_step BIGINT NOT NULL,
    FOREIGN KEY (user_id) REFERENCES auth_user (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;

CREATE TABLE auth_recovery_code (
    user_id BIGINT NOT NULL,
    sha256 BINARY(32) NOT NULL,
    PRIMARY KEY (user_id, sha256),
    FOREIGN KEY (user_id) REFERENCES auth_user (id) ON DELETE CASCADE
) ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin;
