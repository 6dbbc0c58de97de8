// Every page in light, dark and on a phone: a picture for a person to look at, and axe finds nothing to say.
// The pictures go to VISAGE_SHOTS (the target folder's `screenshots` unless it is set).
//
// With VISAGE_PICTURE=docs/visage.jpg it also makes the picture of the README.

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { Visage } from '../clients/visage.mjs'
import { ADA, holdsUp, launch, LOOKS, photograph, portrait, putPhoto, visitor } from './chromium.mjs'
import { RelyingParty } from './relying-party.mjs'

const PASSWORD = 'a long enough pass phrase'
// Somebody else for each tour: it begins without a photo and without consent.
const adaAt = (tour) => `ada.${tour}@example.test`
const TOURS = [...LOOKS.map(({ look }) => look), 'french', 'readme']
const ROOT = 'root@example.test'

let browser, visage, application, other
before(async () => {
  browser = await launch()
  visage = await Visage.prepare()
  application = await new RelyingParty().listen()
  other = await new RelyingParty().listen()
  const register = (name, party) => {
    const file = join(visage.folder, 'client.json')
    writeFileSync(file, JSON.stringify({
      client_name: name,
      redirect_uris: [party.redirectUri],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'client_secret_basic',
      client_uri: party.origin,
      policy_uri: `${party.origin}/privacy`,
      tos_uri: `${party.origin}/terms`,
    }))
    return visage.addClient('--metadata', file)
  }
  const clients = [register('Gallery Walk', application), register('Parish Choir', other)]
  for (const tour of TOURS) visage.addPerson({ email: adaAt(tour), name: 'Ada Lovelace', password: PASSWORD })
  visage.addPerson({ email: ROOT, name: 'Grace Hopper', password: PASSWORD, admin: true })
  await visage.start()
  await application.meet(visage.issuer, clients[0])
  await other.meet(visage.issuer, clients[1])
})
after(async () => {
  await application?.close()
  await other?.close()
  await browser?.close()
  await visage?.stop()
})

async function signIn(page, email, address = `${visage.issuer}/login`) {
  await page.goto(address)
  await page.fill('#login [name=username]', email)
  await page.fill('#login [name=password]', PASSWORD)
  await page.click('#login button[type=submit]')
}

/** Visits every page in turn as this person; `seen` is told each page's name once it is there. */
async function tour(page, email, seen) {
  const start = `${application.origin}/sign-in`
  await page.goto(start)
  await seen('login')
  await page.fill('#login [name=username]', email)
  await page.fill('#login [name=password]', 'not the pass phrase')
  await page.click('#login button[type=submit]')
  await seen('login-problem')
  await page.fill('#login [name=username]', email)
  await page.fill('#login [name=password]', PASSWORD)
  await page.click('#login button[type=submit]')
  await page.waitForSelector('#consent')
  await seen('consent')
  await page.click('#consent button[value=allow]')
  await page.waitForURL(`${application.origin}/**`)
  await page.goto(`${other.origin}/sign-in?scope=openid+profile+phone+address`)
  await seen('consent-more-scopes')
  await page.click('#consent button[value=allow]')
  await page.waitForURL(`${other.origin}/**`)
  await page.goto(`${visage.issuer}/account`)
  await seen('account')
  await page.setInputFiles('#photo [name=photo]', await portrait(browser, ADA))
  await page.waitForSelector('#photo .preview:not([hidden])')
  await seen('account-preview')
  await page.click('#photo button[type=submit]')
  await page.waitForSelector('#photo-staged:not([hidden])')
  await seen('account-staged')
  await page.click('#photo-confirm')
  await page.waitForSelector('#photo-remove')
  await seen('account-photo')
  await page.setInputFiles('#photo [name=photo]', { name: 'a.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') })
  await page.click('#photo button[type=submit]')
  await page.waitForSelector('[role=alert]')
  await seen('account-problem')
  await page.goto(`${visage.issuer}/account/tokens`)
  await seen('tokens')
  await page.goto(`${start}?prompt=login`)
  await seen('login-again')
  await page.goto(`${visage.issuer}/oauth2/authorize?client_id=nobody&response_type=code`)
  await seen('error')
  await page.goto(`${visage.issuer}/no-such-page`)
  await seen('not-found')
  await page.goto(`${visage.issuer}/oauth2/logout`)
  await seen('logout')
  await page.click('#logout button[value=yes]')
  await page.waitForSelector('[data-page=signed-out]')
  await seen('signed-out')
  await signIn(page, ROOT, `${start}?prompt=consent`)
  await page.waitForSelector('#consent')
  await seen('consent-administrator')
}

describe('pages', () => {
  for (const { look, ...options } of LOOKS) {
    test(`hold up, ${look}`, async () => {
      const { context, page, faults } = await visitor(browser, options)
      await tour(page, adaAt(look), async (name) => {
        await photograph(page, `${name}-${look}`)
        await holdsUp(page, `${name}, ${look}`, { still: name !== 'account-preview' && name !== 'account-staged' })
      })
      assert.deepEqual(faults, [])
      await context.close()
    })
  }

  test('speak French', async () => {
    const { context, page } = await visitor(browser, { locale: 'fr-FR', viewport: { width: 390, height: 844 } })
    await tour(page, adaAt('french'), async (name) => {
      assert.equal(await page.getAttribute('html', 'lang'), 'fr', name)
      await photograph(page, `${name}-french`)
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth)
      assert.ok(wide <= 0, `${name} in French is ${wide} px too wide`)
    })
    await context.close()
  })

  test('ui_locales wins over the browser', async () => {
    const { context, page } = await visitor(browser)
    await page.goto(`${application.origin}/sign-in?ui_locales=fr`)
    assert.equal(await page.getAttribute('html', 'lang'), 'fr')
    await context.close()
  })

  test('the first administrator sets the house up by the link in the log', async () => {
    const empty = await Visage.prepare()
    await empty.start()
    try {
      const link = empty.log.match(/https?:\/\/[^\s"\\]+\/setup\/[\w-]+/)[0]
      for (const { look, ...options } of LOOKS) {
        const { context, page } = await visitor(browser, options)
        await page.goto(link)
        await photograph(page, `setup-${look}`)
        await holdsUp(page, `setup, ${look}`)
        await context.close()
      }
      const { context, page, faults } = await visitor(browser)
      await page.goto(link)
      await page.fill('#setup [name=name]', 'Grace Hopper')
      await page.fill('#setup [name=email]', ROOT)
      await page.fill('#setup [name=password]', PASSWORD)
      await page.click('#setup button[type=submit]')
      await page.waitForSelector('[data-page=account], [data-page=login]')
      assert.deepEqual(faults, [])
      assert.match(empty.command(['user', 'list', '--json']), /root@example\.test/)
      // The link is good once.
      await page.goto(link)
      assert.equal(await page.locator('#setup').count(), 0)
      await context.close()
    } finally {
      await empty.stop()
    }
  })

  test('the picture of the README', { skip: !process.env.VISAGE_PICTURE && 'VISAGE_PICTURE is not set' }, async () => {
    const shoot = async (page) => `data:image/png;base64,${(await page.screenshot()).toString('base64')}`
    const { context, page: work } = await visitor(browser, { viewport: { width: 1180, height: 900 }, deviceScaleFactor: 1.5 })
    await signIn(work, adaAt('readme'))
    await putPhoto(work, await portrait(browser, ADA))
    await work.setViewportSize({ width: 600, height: 900 })
    await work.emulateMedia({ colorScheme: 'dark' })
    await work.goto(`${application.origin}/sign-in`)
    const consent = await shoot(work)
    await work.click('#consent button[value=allow]')
    await work.waitForURL(`${application.origin}/**`)
    await work.setViewportSize({ width: 1180, height: 900 })
    await work.emulateMedia({ colorScheme: 'light' })
    await work.goto(`${visage.issuer}/account`)
    const account = await shoot(work)
    await context.close()
    const page = await browser.newPage({ viewport: { width: 1280, height: 760 } })
    await page.setContent(`<style>
      body{margin:0;width:1280px;height:760px;background:linear-gradient(135deg,#e9e4d8,#c9d8d3);overflow:hidden;position:relative}
      img{position:absolute;border-radius:12px;box-shadow:0 24px 60px #0005}
      #account{left:44px;top:44px;width:880px}#consent{right:44px;top:128px;width:400px}
    </style><img id="account" src="${account}"><img id="consent" src="${consent}">`)
    await page.screenshot({ path: process.env.VISAGE_PICTURE, type: 'jpeg', quality: 82 })
  })
})
