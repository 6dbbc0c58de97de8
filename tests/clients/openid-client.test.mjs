// npm openid-client against the running binary: a relying party that we did not write walks discovery, code
// with PKCE, the ID token, userinfo, refresh, introspection, revocation and logout, once for each way in which
// a client can prove who it is.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oidc from 'openid-client'
import { ADA, CALLBACK, SIGNED_OUT, discover as discovered, register, request, signingKey, walk } from './journey.mjs'
import { Person } from './person.mjs'
import { Visage } from './visage.mjs'

const SCOPE = 'openid profile email offline_access'

let visage
let person
let key

before(async () => {
  visage = await Visage.prepare()
  person = visage.addPerson({ ...ADA, claims: { locale: 'en', zoneinfo: 'Europe/London' } })
  key = await signingKey('ES256')
  for (const way of WAYS) {
    way.registered = register(visage, {
      grant_types: ['authorization_code', 'refresh_token', ...(way.method === 'none' ? [] : ['client_credentials'])],
      token_endpoint_auth_method: way.method,
      id_token_signed_response_alg: way.alg,
      ...(way.method === 'private_key_jwt' && { jwks: { keys: [key.jwk] } }),
    })
  }
  await visage.start()
})
after(() => visage?.stop())

const WAYS = [
  { method: 'client_secret_basic', alg: 'RS256', prove: (secret) => oidc.ClientSecretBasic(secret) },
  { method: 'client_secret_post', alg: 'ES256', prove: (secret) => oidc.ClientSecretPost(secret) },
  { method: 'client_secret_jwt', alg: 'PS256', prove: (secret) => oidc.ClientSecretJwt(secret) },
  { method: 'private_key_jwt', alg: 'EdDSA', prove: () => oidc.PrivateKeyJwt(key.sign) },
  { method: 'none', alg: 'RS256', prove: () => oidc.None() },
]

const discover = (way) =>
  discovered(visage, way.registered, way.prove(way.registered.client_secret), { id_token_signed_response_alg: way.alg })

/** Walks the pages as Ada; `ask` are further parameters. Returns the tokens and her browser. */
async function signIn(config, ask = {}, browser = new Person()) {
  const { parameters, checks } = await request({ scope: SCOPE, ...ask })
  const callback = await walk(oidc.buildAuthorizationUrl(config, parameters), browser)
  return { tokens: await oidc.authorizationCodeGrant(config, callback, checks), browser, callback, checks }
}

describe('openid-client', () => {
  for (const way of WAYS) {
    test(`walks the whole main job with ${way.method}, ID token ${way.alg}`, async () => {
      const config = await discover(way)

      const { tokens, browser } = await signIn(config)
      const claims = tokens.claims()
      assert.equal(claims.iss, visage.issuer)
      assert.equal(claims.sub, person.id ?? person.sub)
      assert.equal(tokens.token_type.toLowerCase(), 'bearer')

      const info = await oidc.fetchUserInfo(config, tokens.access_token, claims.sub)
      assert.equal(info.name, ADA.name)
      assert.equal(info.email, ADA.email)
      const picture = await fetch(info.picture)
      assert.equal(picture.status, 200)
      assert.match(picture.headers.get('content-type'), /^image\//)

      const again = await oidc.refreshTokenGrant(config, tokens.refresh_token)
      assert.notEqual(again.access_token, tokens.access_token)
      assert.equal((await oidc.fetchUserInfo(config, again.access_token, claims.sub)).sub, claims.sub)

      if (way.method !== 'none') {
        const state = await oidc.tokenIntrospection(config, again.access_token)
        assert.equal(state.active, true)
        assert.equal(state.sub, claims.sub)
        assert.equal(state.client_id, way.registered.client_id)
        assert.deepEqual(new Set(state.scope.split(' ')), new Set(SCOPE.split(' ')))
      }

      await oidc.tokenRevocation(config, again.access_token)
      await assert.rejects(oidc.fetchUserInfo(config, again.access_token, claims.sub), (error) => error.status === 401)
      if (way.method !== 'none') {
        assert.deepEqual(await oidc.tokenIntrospection(config, again.access_token), { active: false })
      }

      const refresh = again.refresh_token ?? tokens.refresh_token
      await oidc.tokenRevocation(config, refresh)
      await assert.rejects(oidc.refreshTokenGrant(config, refresh), (error) => error.error === 'invalid_grant')

      const leave = oidc.buildEndSessionUrl(config, {
        id_token_hint: tokens.id_token,
        post_logout_redirect_uri: SIGNED_OUT,
        state: 'bye',
      })
      const left = await browser.visit(leave.href, { until: (address) => address.startsWith(SIGNED_OUT) })
      assert.equal(left.address, `${SIGNED_OUT}?state=bye`)
      await assert.rejects(signIn(config, { prompt: 'none' }, browser), (error) => error.error === 'login_required')
    })
  }

  test('client credentials give a token that introspection knows', async () => {
    const config = await discover(WAYS[0])
    const tokens = await oidc.clientCredentialsGrant(config)
    assert.equal(tokens.refresh_token, undefined)
    assert.equal((await oidc.tokenIntrospection(config, tokens.access_token)).active, true)
  })

  test('a code is good once, and its second use ends what the first one gave', async () => {
    const config = await discover(WAYS[0])
    const { tokens, callback, checks } = await signIn(config)
    await assert.rejects(oidc.authorizationCodeGrant(config, callback, checks), (error) => error.error === 'invalid_grant')
    await assert.rejects(oidc.fetchUserInfo(config, tokens.access_token, person.id ?? person.sub), (error) => error.status === 401)
  })

  test('with form_post the answer comes in a form that posts itself', async () => {
    const config = await discover(WAYS[0])
    const browser = new Person()
    await signIn(config, {}, browser)
    const pkceCodeVerifier = oidc.randomPKCECodeVerifier()
    const expectedState = oidc.randomState()
    const page = await browser.visit(
      oidc.buildAuthorizationUrl(config, {
        redirect_uri: CALLBACK,
        scope: SCOPE,
        response_mode: 'form_post',
        code_challenge: await oidc.calculatePKCECodeChallenge(pkceCodeVerifier),
        code_challenge_method: 'S256',
        state: expectedState,
      }).href,
    )
    const fields = [...page.html.matchAll(/<input[^>]*>/g)].map(([input]) => [
      input.match(/name="([^"]*)"/)?.[1],
      input.match(/value="([^"]*)"/)?.[1],
    ])
    const answer = new Request(CALLBACK, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(fields.filter(([name]) => name)).toString(),
    })
    const tokens = await oidc.authorizationCodeGrant(config, answer, { pkceCodeVerifier, expectedState, idTokenExpected: true })
    assert.ok(tokens.claims().sub)
  })

  test('saying no on either page comes back as access_denied', async () => {
    const config = await discover(WAYS[1])
    const until = (address) => address.startsWith(CALLBACK)
    const ask = async () => {
      const verifier = oidc.randomPKCECodeVerifier()
      const challenge = await oidc.calculatePKCECodeChallenge(verifier)
      return oidc.buildAuthorizationUrl(config, {
        redirect_uri: CALLBACK, scope: 'openid phone', state: 's', prompt: 'consent',
        code_challenge: challenge, code_challenge_method: 'S256',
      }).href
    }
    const browser = new Person()
    const login = await browser.visit(await ask(), { until })
    const cancel = login.html.match(/<a[^>]*id="cancel"[^>]*href="([^"]*)"|<a[^>]*href="([^"]*)"[^>]*id="cancel"/)
    const href = (cancel[1] ?? cancel[2]).replaceAll('&amp;', '&').replaceAll('&#38;', '&')
    const refused = await browser.visit(new URL(href, login.address).href, { until })
    assert.equal(new URL(refused.address).searchParams.get('error'), 'access_denied')

    let page = await browser.visit(await ask(), { until })
    page = await browser.submit(page, 'login', { username: ADA.email, password: ADA.password }, { until })
    page = await browser.submit(page, 'consent', {}, { pressed: ['decision', 'deny'], until })
    assert.equal(new URL(page.address).searchParams.get('error'), 'access_denied')
    assert.equal(new URL(page.address).searchParams.get('iss'), visage.issuer)
  })
})
