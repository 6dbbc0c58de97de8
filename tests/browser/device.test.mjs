// A television without a browser, and its person's telephone (RFC 8628): the pages in every look, with axe, and the whole way
// once with scripts and once without.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Visage } from '../clients/visage.mjs'
import { holdsUp, launch, LOOKS, photograph, visitor } from './chromium.mjs'

const PASSWORD = 'a long enough pass phrase'
const ADA = 'ada@example.test'
const GRANT = 'urn:ietf:params:oauth:grant-type:device_code'

let browser, visage, television
before(async () => {
  browser = await launch()
  visage = await Visage.prepare()
  const file = join(visage.folder, 'television.json')
  writeFileSync(file, JSON.stringify({
    client_name: 'Living Room TV',
    grant_types: [GRANT, 'refresh_token'],
    response_types: [],
    token_endpoint_auth_method: 'none',
  }))
  television = visage.addClient('--metadata', file)
  visage.addPerson({ email: ADA, name: 'Ada Lovelace', password: PASSWORD })
  await visage.start()
})
after(async () => {
  await browser?.close()
  await visage?.stop()
})

async function post(path, fields) {
  const body = new URLSearchParams({ client_id: television.client_id, ...fields })
  const answer = await fetch(visage.issuer + path, { method: 'POST', body })
  return { status: answer.status, ...(await answer.json()) }
}

const begin = () => post('/oauth2/device_authorization', { scope: 'openid profile offline_access' })
const poll = ({ device_code }) => post('/oauth2/token', { grant_type: GRANT, device_code })
const shown = (page) => page.getAttribute('body', 'data-page')

async function signIn(page) {
  await page.fill('#login [name=username]', ADA)
  await page.fill('#login [name=password]', PASSWORD)
  await page.click('#login button[type=submit]')
}

async function type(page, code) {
  await page.fill('#device [name=user_code]', code)
  await page.click('#device button[type=submit]')
}

describe('a device in Chromium', () => {
  for (const { look, ...options } of LOOKS) {
    test(`its pages, ${look}`, async () => {
      const { context, page, faults } = await visitor(browser, options)
      const seen = async (name) => {
        await holdsUp(page, name)
        await photograph(page, `${name}-${look}`)
      }
      const begun = await begin()
      await page.goto(begun.verification_uri)
      assert.equal(await page.evaluate(() => document.activeElement.name), 'user_code')
      await seen('device')
      await type(page, 'bbbb bbbb')
      assert.match(await page.innerText('[role=alert]'), /No device is waiting/)
      await seen('device-wrong')
      await page.goto(begun.verification_uri_complete)
      assert.equal(await page.inputValue('#device [name=user_code]'), begun.user_code)
      await seen('device-complete')
      await page.click('#device button[type=submit]')
      await signIn(page)
      assert.match(await page.innerText('main'), new RegExp(`Living Room TV[^]*${begun.user_code}`))
      await seen('consent-device')
      await page.click('#consent button[value=allow]')
      assert.equal(await shown(page), 'device-done')
      await seen('device-done')
      // A telephone loads pages again when somebody comes back to them.
      await page.reload()
      assert.equal(await shown(page), 'device-done')
      assert.equal((await poll(begun)).token_type, 'Bearer')
      assert.deepEqual(faults, [])
      await context.close()
    })
  }

  test('without JavaScript, typed as people type', async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled: false })
    const begun = await begin()
    assert.equal((await poll(begun)).error, 'authorization_pending')
    assert.equal((await poll(begun)).error, 'slow_down')
    await page.goto(begun.verification_uri)
    await type(page, ` ${begun.user_code.toLowerCase().replace('-', ' ')} `)
    await signIn(page)
    await page.click('#consent button[value=allow]')
    assert.equal(await shown(page), 'device-done')
    assert.ok((await poll(begun)).refresh_token)
    assert.equal((await poll(begun)).error, 'invalid_grant')
    await context.close()
  })

  test('a no, on the consent page and before', async () => {
    const { context, page } = await visitor(browser)
    let begun = await begin()
    await page.goto(begun.verification_uri_complete)
    await page.click('#device button[type=submit]')
    await page.click('#cancel')
    assert.match(await page.innerText('h1'), /not connected/)
    assert.equal((await poll(begun)).error, 'access_denied')
    begun = await begin()
    await page.goto(begun.verification_uri_complete)
    await page.click('#device button[type=submit]')
    await signIn(page)
    await page.click('#consent button[value=deny]')
    assert.match(await page.innerText('h1'), /not connected/)
    assert.equal((await poll(begun)).error, 'access_denied')
    await context.close()
  })
})
