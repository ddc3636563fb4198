// What the issuer knows: clients, a user, and what stands in their tokens. All else is oidc-provider's own.

import Provider, { errors } from "oidc-provider";

// The secret of a client is its name: this issuer is for tests, and for this machine only.
const CLIENTS = {
  "creator-rs256": { grant: "client_credentials", alg: "RS256", permissions: ["products:view", "products:create"] },
  "creator-es256": { grant: "client_credentials", alg: "ES256", permissions: ["products:view", "products:create"] },
  "viewer-es256": { grant: "client_credentials", alg: "ES256", permissions: ["products:view"] },
  // Where people sign in; they do so by their name alone.
  "shop-rs256": { grant: "password", alg: "RS256", permissions: ["products:view"] },
};
const USERS = {
  alice: { name: "Alice Liddell", email: "alice@example.com", email_verified: true },
};
const RESOURCE_SCOPES = "products:view products:create";
const TOKEN_TTL = 600;

export function provider(issuer, keys) {
  const provider = new Provider(issuer, {
    adapter: Memory,
    jwks: { keys },
    clients: Object.entries(CLIENTS).map(([name, { grant }]) => client(name, grant)),
    findAccount: (_, name) => USERS[name] && { accountId: name, claims: () => ({ sub: name, ...USERS[name] }) },
    claims: { openid: ["sub"], profile: ["name"], email: ["email", "email_verified"] },
    extraTokenClaims: (_, token) => ({ permissions: CLIENTS[token.clientId].permissions }),
    features: {
      clientCredentials: { enabled: true },
      devInteractions: { enabled: false },
      resourceIndicators: { enabled: true, getResourceServerInfo: (_, resource, client) => server(resource, client) },
    },
    ttl: { AccessToken: TOKEN_TTL, ClientCredentials: TOKEN_TTL, Grant: TOKEN_TTL },
  });
  provider.registerGrantType("password", (ctx) => signIn(provider, ctx), ["username", "scope", "resource"]);
  provider.use(acceptJwtAtUserinfo);
  for (const event of ["grant.error", "userinfo.error", "server_error"]) {
    provider.on(event, (_, error) => console.error(`${event}: ${error.error_detail ?? error}`));
  }
  return provider;
}

// What is issued outlives a change of keys, but no restart.
const issued = new Map();

class Memory {
  constructor(kind) {
    this.key = (id) => `${kind} ${id}`;
  }
  async upsert(id, payload) {
    issued.set(this.key(id), payload);
  }
  async find(id) {
    return issued.get(this.key(id));
  }
  async destroy(id) {
    issued.delete(this.key(id));
  }
}

function client(name, grant) {
  return { client_id: name, client_secret: name, grant_types: [grant], redirect_uris: [], response_types: [] };
}

// Any resource (RFC 8707) is known; its name becomes the audience of the token, which is a JWT (RFC 9068).
function server(resource, { clientId }) {
  const { alg } = CLIENTS[clientId];
  return { scope: RESOURCE_SCOPES, audience: resource, accessTokenFormat: "jwt", jwt: { sign: { alg } } };
}

// A token of a user: an opaque one, or a JWT if a resource is named.
async function signIn(provider, ctx) {
  const { client, params } = ctx.oidc;
  if (!USERS[params.username]) throw new errors.InvalidGrant("no such user");
  const grant = new provider.Grant({ clientId: client.clientId, accountId: params.username });
  grant.addOIDCScope("openid profile email");
  const common = { client, accountId: params.username, grantId: await grant.save(), gty: "password", scope: params.scope };
  const opaque = await new provider.AccessToken(common).save();
  const jwt = params.resource && (await jwtFor(provider, common, params.resource));
  if (jwt) companions.set(jwt, opaque);
  ctx.body = { access_token: jwt ?? opaque, token_type: "Bearer", expires_in: TOKEN_TTL, scope: params.scope };
}

function jwtFor(provider, common, resource) {
  const resourceServer = new provider.ResourceServer(resource, server(resource, common.client));
  return new provider.AccessToken({ ...common, resourceServer }).save();
}

// The opaque token beside each JWT of a user.
const companions = new Map();

// oidc-provider takes no JWT at userinfo: it keeps none (lib/models/formats/jwt.js gives no payload to store), each must
// have an audience (there too), and userinfo refuses whatever has one (lib/actions/userinfo.js, validateAudience). Other
// issuers take theirs. So here the opaque token of the same sign-in stands in, and the answer is oidc-provider's.
async function acceptJwtAtUserinfo(ctx, next) {
  const opaque = ctx.path === "/me" && companions.get(ctx.get("authorization").replace(/^Bearer /, ""));
  if (opaque) ctx.req.headers.authorization = `Bearer ${opaque}`;
  await next();
}
