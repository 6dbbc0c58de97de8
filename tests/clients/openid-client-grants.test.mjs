// npm openid-client against the running binary: a service that calls another (token exchange), an issuer that vouches for a
// person (JWT bearer), introspection answers as evidence, and changes that want a sign-in of now (step-up).

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as jose from 'jose'
import * as oidc from 'openid-client'
import { ADA, discover, register, request, walk } from './journey.mjs'
import { Person } from './person.mjs'
import { Visage } from './visage.mjs'

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const JWT_BEARER = 'urn:ietf:params:oauth:grant-type:jwt-bearer'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'
const GATEWAY = 'https://gateway.example/'
const ORDERS = 'https://orders.example/'

let visage, staff, jwks

/** An issuer of its own, with its keys at an address of this machine. */
async function issuer() {
  const pair = await jose.generateKeyPair('ES256')
  const keys = JSON.stringify({ keys: [{ ...(await jose.exportJWK(pair.publicKey)), kid: 'staff', alg: 'ES256', use: 'sig' }] })
  const server = createServer((_, answer) => answer.setHeader('content-type', 'application/json').end(keys))
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve))
  const name = 'https://staff.example'
  const vouch = (claims = {}) =>
    new jose.SignJWT({ sub: ADA.email, ...claims })
      .setProtectedHeader({ alg: 'ES256', kid: 'staff', typ: 'JWT' })
      .setIssuer(name).setAudience(visage.issuer).setIssuedAt().setExpirationTime('2m').setJti(crypto.randomUUID())
      .sign(pair.privateKey)
  return { name, vouch, jwksUri: `http://127.0.0.1:${server.address().port}/keys`, close: () => server.close() }
}

before(async () => {
  staff = await issuer()
  visage = await Visage.prepare({
    VISAGE_OUTBOUND__ALLOW_NETWORKS: '["127.0.0.0/8"]',
    VISAGE_OAUTH__CHANGES_MAX_AGE: '3s',
    VISAGE_RESOURCES__GATEWAY__AUDIENCE: GATEWAY,
    VISAGE_RESOURCES__GATEWAY__SCOPES: '["orders:read"]',
    VISAGE_RESOURCES__GATEWAY__INTROSPECTION_CLIENT: 'gateway-api',
    VISAGE_RESOURCES__ORDERS__AUDIENCE: ORDERS,
    VISAGE_RESOURCES__ORDERS__SCOPES: '["orders:read"]',
    VISAGE_ISSUERS__STAFF__ISSUER: staff.name,
    VISAGE_ISSUERS__STAFF__JWKS_URI: staff.jwksUri,
    VISAGE_ISSUERS__STAFF__PEOPLE: 'email',
    VISAGE_ISSUERS__STAFF__SCOPES: '["openid", "email"]',
  })
  visage.addPerson(ADA)
  await visage.start()
  jwks = jose.createRemoteJWKSet(new URL(`${visage.issuer}/oauth2/jwks.json`))
})
after(async () => {
  staff?.close()
  await visage?.stop()
})

/** A client of people, and what one of them let it have. */
async function application(more = {}, browser = new Person()) {
  const client = register(visage, { token_endpoint_auth_method: 'none', scope: 'openid profile email offline_access orders:read' })
  const config = await discover(visage, client, oidc.None())
  const { parameters, checks } = await request({ scope: 'openid profile email', ...more })
  const back = await walk(oidc.buildAuthorizationUrl(config, parameters), browser)
  return { client, config, tokens: await oidc.authorizationCodeGrant(config, back, checks) }
}

const service = (registration, ...options) =>
  register(visage, { redirect_uris: [], post_logout_redirect_uris: [], response_types: [], ...registration }, ...options)

describe('token exchange', () => {
  test('a gateway calls another service for a person, and the token says so', async () => {
    const app = await application({ scope: 'openid orders:read', resource: GATEWAY })
    assert.deepEqual(jose.decodeJwt(app.tokens.access_token).aud, GATEWAY)
    const gateway = service({
      grant_types: [EXCHANGE],
      scope: 'orders:read',
      token_exchange: { clients: [app.client.client_id], audiences: ['orders'] },
    })
    const config = await discover(visage, gateway, oidc.ClientSecretBasic(gateway.client_secret))
    const exchange = (more) =>
      oidc.genericGrantRequest(config, EXCHANGE, {
        subject_token: app.tokens.access_token,
        subject_token_type: ACCESS_TOKEN,
        ...more,
      })
    const tokens = await exchange({ audience: 'orders' })
    assert.equal(tokens.issued_token_type, ACCESS_TOKEN)
    const { payload } = await jose.jwtVerify(tokens.access_token, jwks, { issuer: visage.issuer, audience: ORDERS, typ: 'at+jwt' })
    assert.equal(payload.sub, jose.decodeJwt(app.tokens.access_token).sub)
    assert.deepEqual([payload.client_id, payload.scope], [gateway.client_id, 'orders:read'])
    assert.deepEqual(payload.act, { sub: gateway.client_id, client_id: gateway.client_id })
    await assert.rejects(exchange({ audience: 'payments' }), (error) => error.error === 'invalid_target')
    await assert.rejects(exchange({ scope: 'orders:read email' }), (error) => error.error === 'invalid_scope')
  })
})

describe('JWT bearer', () => {
  test("an issuer's word is good once", async () => {
    const worker = service({ grant_types: [JWT_BEARER] })
    const config = await discover(visage, worker, oidc.ClientSecretBasic(worker.client_secret))
    const assertion = await staff.vouch()
    const tokens = await oidc.genericGrantRequest(config, JWT_BEARER, { assertion })
    const told = await oidc.fetchUserInfo(config, tokens.access_token, oidc.skipSubjectCheck)
    assert.equal(told.email, ADA.email)
    const refused = (error) => error.error === 'invalid_grant'
    await assert.rejects(oidc.genericGrantRequest(config, JWT_BEARER, { assertion }), refused)
    const nobody = await staff.vouch({ sub: 'nobody@example.test' })
    await assert.rejects(oidc.genericGrantRequest(config, JWT_BEARER, { assertion: nobody }), refused)
  })
})

describe('introspection', () => {
  test('an answer as evidence (RFC 9701)', async () => {
    const { tokens } = await application({ scope: 'openid orders:read', resource: GATEWAY })
    const ask = async (api) => {
      const answer = await fetch(`${visage.issuer}/oauth2/introspect`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`${api.client_id}:${api.client_secret}`)}` },
        body: new URLSearchParams({ token: tokens.access_token }),
      })
      assert.equal(answer.headers.get('content-type'), 'application/token-introspection+jwt')
      const expected = { issuer: visage.issuer, audience: api.client_id, typ: 'token-introspection+jwt', algorithms: ['ES256'] }
      return (await jose.jwtVerify(await answer.text(), jwks, expected)).payload.token_introspection
    }
    const registration = { grant_types: ['client_credentials'], introspection_signed_response_alg: 'ES256' }
    const told = await ask(service(registration, '--id', 'gateway-api'))
    const said = jose.decodeJwt(tokens.access_token)
    assert.deepEqual([told.active, told.aud, told.sub, told.auth_time], [true, GATEWAY, said.sub, said.auth_time])
    assert.deepEqual(await ask(service(registration)), { active: false }, 'nobody else hears anything')
  })
})

describe('step-up', () => {
  test('a change wants a sign-in of now, and says how recent', async () => {
    const browser = new Person()
    const change = ({ tokens }) =>
      fetch(`${visage.issuer}/api/auth/profile`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${tokens.access_token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ given_name: 'Ada' }),
      })
    const app = await application({}, browser)
    assert.equal((await change(app)).status, 200)
    await sleep(4100)
    const refused = await change(app)
    assert.equal(refused.status, 401)
    const challenge = refused.headers.get('www-authenticate')
    assert.match(challenge, /error="insufficient_user_authentication"/)
    const [, max_age] = challenge.match(/max_age="(\d+)"/)
    // What the application does with it: the same browser signs in again.
    const { parameters, checks } = await request({ scope: 'openid profile email', max_age })
    const back = await walk(oidc.buildAuthorizationUrl(app.config, parameters), browser)
    const tokens = await oidc.authorizationCodeGrant(app.config, back, { ...checks, maxAge: Number(max_age) })
    assert.equal((await change({ tokens })).status, 200)
  })
})
