// The main job as a person sees it, in a real Chromium: sign in, consent, upload a photo, replace it, remove it,
// withdraw consent, sign out. Once as most people's browsers are, once with JavaScript off.

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { Visage } from '../clients/visage.mjs'
import { ADA, ADA_LATER, launch, portrait, putPhoto, visitor } from './chromium.mjs'
import { RelyingParty } from './relying-party.mjs'

const PASSWORD = 'a long enough pass phrase'

let browser, visage, application
before(async () => {
  browser = await launch()
  visage = await Visage.prepare()
  application = await new RelyingParty().listen()
  const client = visage.addClient('--name', 'Gallery Walk', '--redirect-uri', application.redirectUri, '--grant', 'authorization_code', '--grant', 'refresh_token')
  for (const email of ['ada@example.test', 'bob@example.test']) {
    visage.addPerson({ email, name: email.startsWith('ada') ? 'Ada Lovelace' : 'Bob Ross', password: PASSWORD })
  }
  await visage.start()
  await application.meet(visage.issuer, client)
})
after(async () => {
  await application?.close()
  await browser?.close()
  await visage?.stop()
})

const isImage = async (address) => {
  const answer = await fetch(address)
  const bytes = await answer.arrayBuffer()
  return answer.status === 200 && answer.headers.get('content-type').startsWith('image/') && bytes.byteLength > 100
}

async function gone(address) {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await fetch(address)).status === 404) return
    await sleep(100)
  }
  assert.fail(`${address} is still there after 10 s`)
}

async function mainJob(page, email) {
  // Sign in at the application, with a wrong password first.
  await page.goto(`${application.origin}/sign-in`)
  assert.equal(await page.getAttribute('body', 'data-page'), 'login')
  assert.match(await page.innerText('main'), /Gallery Walk/)
  for (const password of ['not the pass phrase', PASSWORD]) {
    await page.fill('#login [name=username]', email)
    await page.fill('#login [name=password]', password)
    await page.click('#login button[type=submit]')
    if (password !== PASSWORD) assert.equal(await page.getAttribute('body', 'data-page'), 'login')
  }

  // Consent, and land at the application with a picture.
  assert.equal(await page.getAttribute('body', 'data-page'), 'consent')
  assert.match(await page.innerText('main'), /Gallery Walk/)
  await page.click('#consent button[value=allow]')
  await page.waitForURL(`${application.origin}/callback**`)
  const initials = (await application.userinfo()).picture
  assert.equal(await page.getAttribute('#picture', 'src'), initials)
  assert.ok(await isImage(initials), 'the initials picture')

  // Upload.
  await page.goto(`${visage.issuer}/account`)
  assert.equal(await page.getAttribute('body', 'data-page'), 'account')
  assert.equal(await page.locator('#photo-remove').count(), 0)
  await putPhoto(page, await portrait(browser, ADA))
  const first = (await application.userinfo()).picture
  assert.notEqual(first, initials)
  assert.ok(await isImage(first), 'the uploaded photo')

  // A file that is no picture is refused, and the photo stays.
  await page.setInputFiles('#photo [name=photo]', { name: 'notes.jpg', mimeType: 'image/jpeg', buffer: Buffer.from('no picture') })
  await page.click('#photo button[type=submit]')
  await page.waitForSelector('[role=alert]')
  assert.equal((await application.userinfo()).picture, first)

  // Replace: the new one at once, the old one gone soon.
  await page.goto(`${visage.issuer}/account`)
  await putPhoto(page, await portrait(browser, ADA_LATER, { width: 1000, height: 700 }))
  const second = (await application.userinfo()).picture
  assert.notEqual(second, first)
  assert.ok(await isImage(second), 'the new photo')
  await gone(first)

  // Remove.
  await page.click('#photo-remove button[type=submit]')
  await page.waitForSelector('#photo-remove', { state: 'detached' })
  assert.equal((await application.userinfo()).picture, initials)
  await gone(second)

  // Withdraw consent: the application's tokens are dead.
  assert.match(await page.innerText('.application'), /Gallery Walk/)
  await page.click('.withdraw button[type=submit]')
  await page.waitForSelector('.application', { state: 'detached' })
  await assert.rejects(application.userinfo(), (error) => error.status === 401)
  await assert.rejects(application.refresh(), (error) => error.error === 'invalid_grant')

  // Sign out.
  await page.click('#sign-out')
  if ((await page.getAttribute('body', 'data-page')) === 'logout') await page.click('#logout button[value=yes]')
  assert.equal(await page.getAttribute('body', 'data-page'), 'signed-out')
  await page.goto(`${visage.issuer}/account`)
  assert.equal(await page.getAttribute('body', 'data-page'), 'login')
}

describe('the main job in Chromium', () => {
  test('with JavaScript', async () => {
    const { context, page, faults } = await visitor(browser)
    await mainJob(page, 'ada@example.test')
    assert.deepEqual(faults, [])
    await context.close()
  })

  test('without JavaScript', async () => {
    const { context, page } = await visitor(browser, { javaScriptEnabled: false })
    await mainJob(page, 'bob@example.test')
    await context.close()
  })

  test('the preview shows the chosen photo, and a file that is too large is refused before it travels', async () => {
    const { context, page, faults } = await visitor(browser)
    await page.goto(`${visage.issuer}/login`)
    await page.fill('#login [name=username]', 'bob@example.test')
    await page.fill('#login [name=password]', PASSWORD)
    await page.click('#login button[type=submit]')
    await page.setInputFiles('#photo [name=photo]', await portrait(browser, ADA))
    await page.waitForSelector('#photo .preview:not([hidden])')
    await page.setInputFiles('#photo [name=photo]', { name: 'huge.jpg', mimeType: 'image/jpeg', buffer: Buffer.alloc(5 * 1024 * 1024 + 1) })
    await page.waitForSelector('#photo-problem:not([hidden])')
    assert.match(await page.innerText('#photo-problem'), /larger than 5 MB/)
    assert.equal(await page.isVisible('#photo-editor'), false)
    assert.equal(await page.locator('#photo-remove').count(), 0)
    assert.deepEqual(faults, [])
    await context.close()
  })

  test('the keyboard alone signs in, and what has the focus can be seen', async () => {
    const { context, page } = await visitor(browser)
    await page.goto(`${visage.issuer}/login`)
    for (let step = 0; step < 6; step++) {
      const focus = await page.evaluate(() => {
        const element = document.activeElement
        const style = getComputedStyle(element)
        return { tag: element.tagName, name: element.name, seen: style.outlineStyle !== 'none' || style.boxShadow !== 'none' }
      })
      if (focus.tag !== 'BODY') assert.ok(focus.seen, `${focus.tag} ${focus.name} shows no focus`)
      if (focus.name === 'username') await page.keyboard.type('bob@example.test')
      if (focus.name === 'password') {
        await page.keyboard.type(PASSWORD)
        await page.keyboard.press('Enter')
        break
      }
      await page.keyboard.press('Tab')
    }
    await page.waitForURL(`${visage.issuer}/account**`)
    await context.close()
  })
})
