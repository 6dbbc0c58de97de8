// Debian's Chromium, driven by Playwright core, and what every page is held to.

import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { chromium } from 'playwright-core'

const target = process.env.CARGO_TARGET_DIR ?? join(process.env.HOME ?? '.', '.cache/visage/target')
/** Where a person can look at the pictures. Never committed. */
export const SHOTS = process.env.VISAGE_SHOTS ?? join(target, 'screenshots')
mkdirSync(SHOTS, { recursive: true })

/** The looks in which every page is photographed. */
export const LOOKS = [
  { look: 'light', colorScheme: 'light', viewport: { width: 1280, height: 860 } },
  { look: 'dark', colorScheme: 'dark', viewport: { width: 1280, height: 860 } },
  { look: 'phone', colorScheme: 'light', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  { look: 'phone-dark', colorScheme: 'dark', viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
]

/** No call to anybody else: the machine's network may be closed. */
export function launch() {
  return chromium.launch({
    executablePath: process.env.VISAGE_CHROMIUM ?? '/usr/bin/chromium',
    args: [
      '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
      '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', '--font-render-hinting=none',
    ],
  })
}

/** A fresh browser profile. `faults` collects what the console complains of: a broken script, a blocked resource. */
export async function visitor(browser, options = {}) {
  const context = await browser.newContext({ locale: 'en-GB', reducedMotion: 'reduce', ...options })
  const page = await context.newPage()
  page.setDefaultTimeout(10_000)
  const faults = []
  page.on('pageerror', (error) => faults.push(`${page.url()}: ${error}`))
  page.on('console', (message) => {
    // That an answer was 4xx is not a fault of the page: some tests ask for one.
    if (message.type() === 'error' && !/Failed to load resource: .* (400|401|403|404|429)/.test(message.text())) {
      faults.push(`${page.url()}: ${message.text()}`)
    }
  })
  return { context, page, faults }
}

/** axe finds nothing, nothing is wider than the window, and nothing moved while the page loaded (`still`). */
export async function holdsUp(page, what, { still = true } = {}) {
  await page.evaluate(axe.source)
  const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }))
  const told = violations.map(({ id, help, nodes }) => `${id}: ${help}\n    ${nodes.map((node) => node.html).join('\n    ')}`)
  assert.deepEqual(told, [], `axe on ${what}`)
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth])
  assert.ok(content <= window, `${what} is ${content} px wide in a window of ${window} px`)
  if (!still) return
  const shift = await page.evaluate(() => new Promise((resolve) => {
    let sum = 0
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) if (!entry.hadRecentInput) sum += entry.value
    }).observe({ type: 'layout-shift', buffered: true })
    setTimeout(() => resolve(sum), 60)
  }))
  assert.ok(shift < 0.02, `${what} shifted by ${shift} while it loaded`)
}

/** A picture of the whole page for a person to look at. */
export async function photograph(page, name) {
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true, animations: 'disabled' })
}

/** A made-up portrait as a JPEG file: a person of the given colours on a background. */
export async function portrait(browser, { back, skin, hair, coat }, { width = 900, height = 1200 } = {}) {
  const page = await browser.newPage({ viewport: { width, height } })
  await page.setContent(`<body style="margin:0"><svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 90 120" preserveAspectRatio="xMidYMid slice">
    <defs><linearGradient id="g" x1="0" y1="0" x2="1" y2="1"><stop offset="0" stop-color="${back[0]}"/><stop offset="1" stop-color="${back[1]}"/></linearGradient>
    <radialGradient id="s" cx=".4" cy=".35" r=".8"><stop offset="0" stop-color="#fff" stop-opacity=".35"/><stop offset="1" stop-color="#000" stop-opacity=".12"/></radialGradient></defs>
    <rect width="90" height="120" fill="url(#g)"/>
    <path d="M22 58c-4-30 6-42 23-42s27 12 23 42c-1 12-4 20-7 24H29c-3-4-6-12-7-24z" fill="${hair}"/>
    <path d="M38 74h14v16H38z" fill="${skin}"/><path d="M38 78c4 5 10 5 14 0v6H38z" fill="#000" opacity=".12"/>
    <path d="M6 120c2-22 14-32 32-34l7 6 7-6c18 2 30 12 32 34z" fill="${coat}"/>
    <path d="M38 86l7 6 7-6 3 2-10 14-10-14z" fill="#fff" opacity=".85"/>
    <ellipse cx="45" cy="55" rx="17" ry="22" fill="${skin}"/><ellipse cx="45" cy="55" rx="17" ry="22" fill="url(#s)"/>
    <path d="M27 50c2-16 12-22 22-20 9 2 13 9 14 20-6-4-10-9-13-14-5 7-13 12-23 14z" fill="${hair}"/>
    <circle cx="38.500" cy="55" r="1.7" fill="#241a16"/><circle cx="51.500" cy="55" r="1.7" fill="#241a16"/>
    <path d="M34 50.500c2-1.500 5-1.700 7-.6M49 49.900c2-1.100 5-.9 7 .6" stroke="${hair}" stroke-width="1.200" fill="none" stroke-linecap="round"/>
    <path d="M39 66c3.500 3 8.500 3 12 0" stroke="#8c3b32" stroke-width="1.500" fill="none" stroke-linecap="round"/>
    <path d="M45 56c1.200 2.500 1.400 4-.6 4.600" stroke="#000" stroke-opacity=".25" stroke-width=".9" fill="none"/>
  </svg>`)
  const buffer = await page.screenshot({ type: 'jpeg', quality: 90 })
  await page.close()
  return { name: 'portrait.jpg', mimeType: 'image/jpeg', buffer }
}

/** Puts a photo on the account page as a person does: chooses it, uploads it and, where scripts run, confirms it. */
export async function putPhoto(page, file) {
  await page.setInputFiles('#photo [name=photo]', file)
  const scripted = await page.getAttribute('#photo', 'data-state')
  if (scripted) await page.waitForSelector('#photo-editor:not([hidden])')
  await page.click('#photo button[type=submit]')
  if (scripted) await page.click('#photo-confirm')
  await page.waitForURL(/done=photo-updated/)
  await page.waitForSelector('#photo-remove')
}

export const ADA = { back: ['#f4c095', '#d97b66'], skin: '#e8b08a', hair: '#3a2620', coat: '#27545c' }
export const ADA_LATER = { back: ['#9fc5c4', '#4d7f8f'], skin: '#e8b08a', hair: '#6b4a35', coat: '#b3543f' }
