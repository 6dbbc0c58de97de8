// npm openid-client against the running binary with its own TLS listeners: clients that prove themselves by a certificate (RFC 8705),
// and tokens that only the certificate's holder can use.

import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { after, before, describe, test } from 'node:test'
import * as oidc from 'openid-client'
import { ADA, discover, register, request, userinfoHolds, walk } from './journey.mjs'
import { Person } from './person.mjs'
import { Authority, fetchWith } from './tls.mjs'
import { Visage, freePort } from './visage.mjs'

let visage
let authority
let ca
let anonymous // trusts our authority and shows nothing

before(async () => {
  visage = await Visage.prepare(async (visage) => {
    authority = new Authority(visage.folder)
    const server = authority.issue('server', '/CN=localhost', 'DNS:localhost,IP:127.0.0.1', 'serverAuth')
    const [mutual, plain] = [await freePort(), await freePort()]
    visage.issuer = `https://localhost:${visage.port}`
    visage.mutual = `https://localhost:${mutual}`
    visage.health = `http://127.0.0.1:${plain}`
    return {
      VISAGE_SERVER__PUBLIC_URL: visage.issuer,
      VISAGE_SERVER__METRICS_LISTEN: `127.0.0.1:${plain}`,
      VISAGE_SERVER__TLS__CERTIFICATE: server.file,
      VISAGE_SERVER__TLS__KEY: server.keyFile,
      VISAGE_SERVER__MTLS_URL: visage.mutual,
      VISAGE_SERVER__MTLS_LISTEN: `127.0.0.1:${mutual}`,
      VISAGE_SERVER__CLIENT_CA_FILE: authority.file,
    }
  })
  ca = readFileSync(authority.file)
  anonymous = fetchWith({ ca })
  visage.addPerson(ADA)
  await visage.start()
})
after(() => visage?.stop())

/** Code, userinfo, refresh, introspection, each shown the certificate. */
async function wholeWay(client, certificate, authentication, metadata = {}) {
  const withCertificate = fetchWith({ ca, ...certificate })
  const config = await discover(visage, client, authentication, { use_mtls_endpoint_aliases: true, ...metadata }, {
    [oidc.customFetch]: withCertificate,
  })
  const aliases = config.serverMetadata().mtls_endpoint_aliases
  assert.ok(aliases.token_endpoint.startsWith(visage.mutual) && aliases.userinfo_endpoint.startsWith(visage.mutual))
  const { parameters, checks } = await request()
  const back = await walk(oidc.buildAuthorizationUrl(config, parameters), new Person(anonymous))
  const tokens = await oidc.authorizationCodeGrant(config, back, checks)
  await userinfoHolds(config, tokens)
  return { config, tokens }
}

/** The token is bound: no use without the certificate, nor with another one. */
async function bound(config, tokens) {
  const bearer = { headers: { authorization: `Bearer ${tokens.access_token}` } }
  const { userinfo_endpoint } = config.serverMetadata().mtls_endpoint_aliases
  assert.equal((await anonymous(userinfo_endpoint, bearer)).status, 401, 'without a certificate')
  const other = fetchWith({ ca, ...authority.selfSigned('thief', '/CN=thief') })
  assert.equal((await other(userinfo_endpoint, bearer)).status, 401, 'with another one')
  assert.ok((await oidc.tokenIntrospection(config, tokens.access_token)).cnf['x5t#S256'])
}

describe('client certificates', () => {
  test('self_signed_tls_client_auth: the certificate of the registration, and no other', async () => {
    const own = authority.selfSigned('own', '/CN=own')
    const certificate = new X509Certificate(own.cert)
    const jwk = { ...certificate.publicKey.export({ format: 'jwk' }), kid: 'own', use: 'sig', x5c: [certificate.raw.toString('base64')] }
    const client = register(visage, {
      token_endpoint_auth_method: 'self_signed_tls_client_auth', jwks: { keys: [jwk] }, tls_client_certificate_bound_access_tokens: true,
    })
    const { config, tokens } = await wholeWay(client, own, oidc.TlsClientAuth())
    await bound(config, tokens)
    const again = await oidc.refreshTokenGrant(config, tokens.refresh_token)
    await bound(config, again)
    const stranger = authority.selfSigned('stranger', '/CN=own')
    await assert.rejects(wholeWay(client, stranger, oidc.TlsClientAuth()), (error) => error.error === 'invalid_client')
  })

  test('tls_client_auth: a certificate by an authority that we trust, with the registered name', async () => {
    const issued = authority.issue('app', '/CN=app', 'DNS:app.example.org')
    const client = register(visage, {
      token_endpoint_auth_method: 'tls_client_auth', tls_client_auth_san_dns: 'app.example.org', tls_client_certificate_bound_access_tokens: true,
    })
    const { config, tokens } = await wholeWay(client, issued, oidc.TlsClientAuth())
    await bound(config, tokens)
    const other = authority.issue('other', '/CN=app', 'DNS:other.example.org')
    await assert.rejects(wholeWay(client, other, oidc.TlsClientAuth()), (error) => error.error === 'invalid_client', 'another name')
    const nobody = authority.selfSigned('nobody', '/CN=app.example.org')
    await assert.rejects(wholeWay(client, nobody, oidc.TlsClientAuth()), (error) => error.error === 'invalid_client', 'by nobody')
  })

  test('a public client with a certificate of its own making has bound tokens too', async () => {
    const own = authority.selfSigned('phone', '/CN=phone')
    const client = register(visage, { token_endpoint_auth_method: 'none', tls_client_certificate_bound_access_tokens: true })
    const { tokens } = await wholeWay(client, own, oidc.None())
    const bearer = { headers: { authorization: `Bearer ${tokens.access_token}` } }
    assert.equal((await anonymous(`${visage.issuer}/api/auth/userinfo`, bearer)).status, 401)
  })
})
