// A person at a browser without JavaScript: keeps cookies, follows redirects, fills in our plain forms.

const ENTITIES = { amp: '&', lt: '<', gt: '>', quot: '"', '#x27': "'", '#39': "'", '#x2F': '/', '#34': '"', '#38': '&' }
const unescape = (text) => text.replace(/&([#\w]+);/g, (whole, name) => ENTITIES[name] ?? whole)
const attribute = (tag, name) => {
  const found = tag.match(new RegExp(`\\s${name}\\s*=\\s*"([^"]*)"`))
  return found ? unescape(found[1]) : undefined
}

export class Person {
  /** `fetch`: another one, where TLS wants more than the usual. */
  constructor(fetch = globalThis.fetch) {
    this.cookies = new Map() // one site is all that a journey visits
    this.fetch = fetch
  }

  /** Follows redirects until a page, or until an address for which `until` says so. */
  async visit(address, { method = 'GET', body, until = () => false } = {}) {
    for (let hops = 0; hops < 12; hops++) {
      if (until(address)) return { address, status: 0, html: '' }
      const headers = { cookie: [...this.cookies].map(([name, value]) => `${name}=${value}`).join('; ') }
      if (body) headers.origin = new URL(address).origin
      const answer = await this.fetch(address, { method, body, headers, redirect: 'manual' })
      for (const line of answer.headers.getSetCookie()) {
        const [name, value] = line.split(';')[0].split(/=(.*)/s)
        if (value === '' || /max-age=0/i.test(line)) this.cookies.delete(name)
        else this.cookies.set(name, value)
      }
      const location = answer.headers.get('location')
      if (!location) return { address, status: answer.status, html: await answer.text() }
      ;[address, method, body] = [new URL(location, address).href, 'GET', undefined]
    }
    throw new Error(`too many redirects, the last to ${address}`)
  }

  /** Fills in the form with this id and sends it; `pressed` is the button as [name, value]. */
  submit(page, id, fields, { pressed, until } = {}) {
    const form = page.html.match(new RegExp(`<form[^>]*\\sid="${id}"[^>]*>[\\s\\S]*?</form>`))?.[0]
    if (!form) throw new Error(`no form#${id} on ${page.address} (${page.status}):\n${page.html.slice(0, 2000)}`)
    const body = new URLSearchParams()
    for (const [input] of form.matchAll(/<input[^>]*>/g)) {
      const name = attribute(input, 'name')
      if (name && attribute(input, 'type') === 'hidden') body.append(name, attribute(input, 'value') ?? '')
    }
    for (const [name, value] of Object.entries(fields)) body.set(name, value)
    if (pressed) body.append(...pressed)
    const action = new URL(attribute(form.match(/<form[^>]*>/)[0], 'action') ?? '', page.address).href
    return this.visit(action, { method: 'POST', body, until })
  }
}
