// npm openid-client against the running binary: how a request reaches us (pushed, signed, both) and how the answer comes back
// (signed, in a fragment, encrypted), each walked to tokens that the library verified.

import assert from 'node:assert/strict'
import { generateKeyPairSync, webcrypto } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import * as oidc from 'openid-client'
import { ADA, CALLBACK, discover, register, request, signingKey, userinfoHolds, walk } from './journey.mjs'
import { Visage } from './visage.mjs'

const ALL_TYPES = ['code', 'id_token', 'id_token token', 'code id_token', 'code token', 'code id_token token']

let visage
before(async () => {
  visage = await Visage.prepare({
    VISAGE_OAUTH__RESPONSE_TYPES: JSON.stringify(ALL_TYPES),
    VISAGE_OAUTH__REGISTRATION: 'open',
  })
  visage.addPerson(ADA)
  await visage.start()
})
after(() => visage?.stop())

describe('requests', () => {
  test('pushed (PAR)', async () => {
    const client = register(visage, { require_pushed_authorization_requests: true })
    const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret))
    const { parameters, checks } = await request()
    const address = await oidc.buildAuthorizationUrlWithPAR(config, parameters)
    assert.deepEqual([...address.searchParams.keys()].sort(), ['client_id', 'request_uri'])
    const tokens = await oidc.authorizationCodeGrant(config, await walk(address), checks)
    await userinfoHolds(config, tokens)
    // What must be pushed is not taken otherwise (S22).
    const refused = await walk(oidc.buildAuthorizationUrl(config, (await request()).parameters))
    assert.equal(refused.searchParams.get('error'), 'invalid_request')
  })

  for (const alg of ['ES256', 'PS256', 'RS256', 'EdDSA']) {
    test(`as a request object signed by ${alg} (JAR)`, async () => {
      const key = await signingKey(alg)
      const client = register(visage, { jwks: { keys: [key.jwk] }, request_object_signing_alg: alg, require_signed_request_object: true })
      const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret))
      const { parameters, checks } = await request()
      const address = await oidc.buildAuthorizationUrlWithJAR(config, parameters, key.sign)
      const tokens = await oidc.authorizationCodeGrant(config, await walk(address), checks)
      await userinfoHolds(config, tokens)
    })
  }

  test('as a request object by another key is refused (S20)', async () => {
    const [key, other] = await Promise.all([signingKey('ES256'), signingKey('ES256')])
    const client = register(visage, { jwks: { keys: [key.jwk] }, request_object_signing_alg: 'ES256' })
    const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret))
    const { parameters } = await request()
    const { searchParams } = await oidc.buildAuthorizationUrlWithJAR(config, parameters, other.sign)
    await assert.rejects(oidc.buildAuthorizationUrlWithPAR(config, searchParams), (error) => error.error === 'invalid_request_object')
  })

  test('as a request object that is pushed (JAR and PAR), by a client that proves itself with a key', async () => {
    const key = await signingKey('ES256')
    const client = register(visage, {
      jwks: { keys: [key.jwk] }, request_object_signing_alg: 'ES256', token_endpoint_auth_method: 'private_key_jwt',
    })
    const config = await discover(visage, client, oidc.PrivateKeyJwt(key.sign))
    const { parameters, checks } = await request()
    const { searchParams } = await oidc.buildAuthorizationUrlWithJAR(config, parameters, key.sign)
    const address = await oidc.buildAuthorizationUrlWithPAR(config, searchParams)
    const tokens = await oidc.authorizationCodeGrant(config, await walk(address), checks)
    await userinfoHolds(config, tokens)
  })


  test('by a client that registered itself a moment ago', async () => {
    const config = await oidc.dynamicClientRegistration(
      new URL(visage.issuer),
      { client_name: 'Just arrived', redirect_uris: [CALLBACK], token_endpoint_auth_method: 'client_secret_basic' },
      undefined,
      { execute: [oidc.allowInsecureRequests] },
    )
    const known = config.clientMetadata()
    assert.ok(known.registration_access_token && known.client_secret)
    const read = await fetch(known.registration_client_uri, { headers: { authorization: `Bearer ${known.registration_access_token}` } })
    assert.equal((await read.json()).client_id, known.client_id)
    const again = await discover(visage, known, oidc.ClientSecretBasic(known.client_secret))
    const { parameters, checks } = await request({ scope: 'openid email' })
    const tokens = await oidc.authorizationCodeGrant(again, await walk(oidc.buildAuthorizationUrl(again, parameters)), checks)
    await userinfoHolds(again, tokens)
  })
})

describe('answers', () => {
  for (const alg of ['RS256', 'ES256', 'PS256', 'EdDSA']) {
    test(`as a token signed by ${alg} (JARM)`, async () => {
      const client = register(visage, { authorization_signed_response_alg: alg })
      const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret), { authorization_signed_response_alg: alg }, {
        execute: [oidc.useJwtResponseMode],
      })
      const { parameters, checks } = await request()
      const back = await walk(oidc.buildAuthorizationUrl(config, parameters))
      assert.deepEqual([...back.searchParams.keys()], ['response'], 'nothing beside the token')
      const tokens = await oidc.authorizationCodeGrant(config, back, checks)
      await userinfoHolds(config, tokens)
    })
  }

  test('a code and an ID token together (hybrid)', async () => {
    const client = register(visage, { response_types: ['code id_token'], grant_types: ['authorization_code', 'implicit', 'refresh_token'] })
    const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret), {}, {
      execute: [oidc.useCodeIdTokenResponseType],
    })
    const { parameters, checks } = await request()
    const back = await walk(oidc.buildAuthorizationUrl(config, parameters))
    assert.ok(back.hash.includes('id_token='))
    const tokens = await oidc.authorizationCodeGrant(config, back, checks)
    await userinfoHolds(config, tokens)
  })

  test('a code and an ID token as a detached signature: c_hash and s_hash', async () => {
    const client = register(visage, {
      response_types: ['code id_token'], grant_types: ['authorization_code', 'implicit'], id_token_signed_response_alg: 'PS256',
    })
    const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret), { id_token_signed_response_alg: 'PS256' }, {
      execute: [oidc.useCodeIdTokenResponseType, oidc.enableDetachedSignatureResponseChecks],
    })
    const { parameters, checks } = await request({ scope: 'openid email' })
    const tokens = await oidc.authorizationCodeGrant(config, await walk(oidc.buildAuthorizationUrl(config, parameters)), checks)
    await userinfoHolds(config, tokens)
  })

  test('an ID token alone (implicit)', async () => {
    const client = register(visage, { response_types: ['id_token'], grant_types: ['implicit'] })
    const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret), {}, {
      execute: [oidc.useIdTokenResponseType],
    })
    const nonce = oidc.randomNonce()
    const back = await walk(oidc.buildAuthorizationUrl(config, { redirect_uri: CALLBACK, scope: 'openid email', nonce, state: 's' }))
    const claims = await oidc.implicitAuthentication(config, back, nonce, { expectedState: 's' })
    assert.equal(claims.email, ADA.email, 'without an access token its claims come here')
  })

  for (const [alg, generate, algorithm, uses] of [
    ['RSA-OAEP-256', () => generateKeyPairSync('rsa', { modulusLength: 2048 }), { name: 'RSA-OAEP', hash: 'SHA-256' }, ['decrypt', 'unwrapKey']],
    ['ECDH-ES', () => generateKeyPairSync('ec', { namedCurve: 'P-256' }), { name: 'ECDH', namedCurve: 'P-256' }, ['deriveBits']],
  ]) {
    test(`an ID token and userinfo, encrypted by ${alg}`, async () => {
      const pair = generate()
      const key = await webcrypto.subtle.importKey('jwk', pair.privateKey.export({ format: 'jwk' }), algorithm, false, uses)
      const registered = {
        jwks: { keys: [{ ...pair.publicKey.export({ format: 'jwk' }), kid: 'enc', use: 'enc', alg }] },
        id_token_encrypted_response_alg: alg, id_token_encrypted_response_enc: 'A256GCM',
        userinfo_signed_response_alg: 'ES256', userinfo_encrypted_response_alg: alg, userinfo_encrypted_response_enc: 'A256GCM',
      }
      const client = register(visage, registered)
      const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret), { userinfo_signed_response_alg: 'ES256' })
      oidc.enableDecryptingResponses(config, ['A256GCM'], { key, alg, kid: 'enc' })
      const { parameters, checks } = await request()
      const tokens = await oidc.authorizationCodeGrant(config, await walk(oidc.buildAuthorizationUrl(config, parameters)), checks)
      assert.equal(tokens.id_token.split('.').length, 5, 'a JWE')
      await userinfoHolds(config, tokens)
    })
  }

  test('userinfo, signed', async () => {
    const client = register(visage, { userinfo_signed_response_alg: 'RS256' })
    const config = await discover(visage, client, oidc.ClientSecretBasic(client.client_secret), { userinfo_signed_response_alg: 'RS256' })
    const { parameters, checks } = await request()
    const tokens = await oidc.authorizationCodeGrant(config, await walk(oidc.buildAuthorizationUrl(config, parameters)), checks)
    await userinfoHolds(config, tokens)
  })
})
