// npm openid-client against the running binary: tokens that only their sender can use (DPoP), and a device without a browser.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import * as oidc from 'openid-client'
import { ADA, discover, register, request, userinfoHolds, walk } from './journey.mjs'
import { Person } from './person.mjs'
import { Visage } from './visage.mjs'

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code'

let visage
let nonces // a second one, which wants a nonce of its own in every proof

before(async () => {
  visage = await Visage.prepare()
  nonces = await Visage.prepare({ VISAGE_OAUTH__DPOP_NONCES: 'true' })
  for (const each of [visage, nonces]) {
    each.addPerson(ADA)
    await each.start()
  }
})
after(() => Promise.all([visage?.stop(), nonces?.stop()]))

describe('DPoP', () => {
  for (const alg of ['ES256', 'Ed25519', 'PS256']) {
    test(`by ${alg}: pushed request, code, userinfo and refresh are bound to one key`, async () => {
      const client = register(visage, { dpop_bound_access_tokens: true })
      const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret))
      const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair(alg))
      const { parameters, checks } = await request()
      const address = await oidc.buildAuthorizationUrlWithPAR(config, parameters, { DPoP })
      const tokens = await oidc.authorizationCodeGrant(config, await walk(address), checks, undefined, { DPoP })
      assert.equal(tokens.token_type, 'dpop')
      await userinfoHolds(config, tokens, { DPoP })
      await assert.rejects(userinfoHolds(config, tokens), (error) => error.status === 401, 'as a bearer token it is worth nothing (S85)')
      const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair(alg))
      await assert.rejects(userinfoHolds(config, tokens, { DPoP: other }), (error) => error.status === 401)
      const again = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
      assert.equal(again.token_type, 'dpop')
      await userinfoHolds(config, again, { DPoP })
      assert.ok((await oidc.tokenIntrospection(config, again.access_token)).cnf.jkt)
    })
  }

  test("a public client's refresh token is bound to its key too (S67)", async () => {
    const client = register(visage, { token_endpoint_auth_method: 'none' })
    const config = await discover(visage, client, oidc.None())
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    const { parameters, checks } = await request({ dpop_jkt: await DPoP.calculateThumbprint() })
    const back = await walk(oidc.buildAuthorizationUrl(config, parameters))
    const tokens = await oidc.authorizationCodeGrant(config, back, checks, undefined, { DPoP })
    const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    await assert.rejects(oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP: other }), (error) => error.error === 'invalid_grant')
    const again = await oidc.refreshTokenGrant(config, tokens.refresh_token, undefined, { DPoP })
    await userinfoHolds(config, again, { DPoP })
  })

  test("a code is worth nothing with another key than its request's", async () => {
    const client = register(visage, { token_endpoint_auth_method: 'none' })
    const config = await discover(visage, client, oidc.None())
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    const other = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    const { parameters, checks } = await request({ dpop_jkt: await DPoP.calculateThumbprint() })
    const back = await walk(oidc.buildAuthorizationUrl(config, parameters))
    await assert.rejects(
      oidc.authorizationCodeGrant(config, back, checks, undefined, { DPoP: other }),
      (error) => ['invalid_grant', 'invalid_dpop_proof'].includes(error.error),
    )
  })

  test('where nonces are asked for, the library answers with ours', async () => {
    const client = register(nonces, { dpop_bound_access_tokens: true })
    const config = await discover(nonces, client, oidc.ClientSecretBasic(client.client_secret))
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    const { parameters, checks } = await request()
    const back = await walk(oidc.buildAuthorizationUrl(config, parameters))
    const tokens = await oidc.authorizationCodeGrant(config, back, checks, undefined, { DPoP })
    await userinfoHolds(config, tokens, { DPoP })
  })
})

describe('device authorization', () => {
  test('a television gets its tokens once somebody with a telephone said yes', async () => {
    const client = register(visage, { grant_types: [DEVICE, 'refresh_token'], redirect_uris: [], response_types: [], token_endpoint_auth_method: 'none' })
    const config = await discover(visage, client, oidc.None())
    const asked = await oidc.initiateDeviceAuthorization(config, { scope: 'openid profile email offline_access' })
    assert.ok(asked.user_code && asked.verification_uri && asked.verification_uri_complete && asked.expires_in > 0)
    const polling = oidc.pollDeviceAuthorizationGrant(config, asked)
    polling.catch(() => {})
    await approve(asked)
    const tokens = await polling
    await userinfoHolds(config, tokens)
    const again = await oidc.refreshTokenGrant(config, tokens.refresh_token)
    assert.ok(again.access_token)
    await assert.rejects(
      oidc.genericGrantRequest(config, DEVICE, { device_code: asked.device_code }),
      (error) => error.error === 'invalid_grant',
      'a device code is good once (S66)',
    )
  })

  test('bound to a key where the device has one', async () => {
    const client = register(visage, { grant_types: [DEVICE], redirect_uris: [], response_types: [], token_endpoint_auth_method: 'none' })
    const config = await discover(visage, client, oidc.None())
    const DPoP = oidc.getDPoPHandle(config, await oidc.randomDPoPKeyPair())
    const asked = await oidc.initiateDeviceAuthorization(config, { scope: 'openid email' })
    const polling = oidc.pollDeviceAuthorizationGrant(config, asked, undefined, { DPoP })
    polling.catch(() => {})
    await approve(asked)
    await userinfoHolds(config, await polling, { DPoP })
  })

  test('no means no', async () => {
    const client = register(visage, { grant_types: [DEVICE], redirect_uris: [], response_types: [], token_endpoint_auth_method: 'none' })
    const config = await discover(visage, client, oidc.None())
    const asked = await oidc.initiateDeviceAuthorization(config, { scope: 'openid email' })
    const polling = oidc.pollDeviceAuthorizationGrant(config, asked)
    polling.catch(() => {})
    await approve(asked, 'deny')
    await assert.rejects(polling, (error) => error.error === 'access_denied')
  })
})

/** Ada's telephone: the page of the code (asked to confirm, S75), the sign-in page, consent. */
async function approve({ verification_uri_complete, user_code }, decision = 'allow') {
  const browser = new Person()
  let page = await browser.visit(verification_uri_complete)
  for (let forms = 0; forms < 4; forms++) {
    const name = page.html.match(/<body[^>]*data-page="([^"]*)"/)?.[1]
    if (name === 'login') page = await browser.submit(page, 'login', { username: ADA.email, password: ADA.password })
    else if (name === 'device') page = await browser.submit(page, 'device', { user_code })
    else if (name === 'consent') page = await browser.submit(page, 'consent', {}, { pressed: ['decision', decision] })
    else break
  }
  assert.match(page.html, /data-page="device-done"/, `${page.address} ${page.status}: ${page.html.slice(0, 2000)}`)
}
