/** Rules in the pages: their order, lists of addresses, two people at once, and who may do what. */
import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import type { Page } from 'playwright-core'
import type { Client } from '../client.js'
import { startConsole, type ConsoleServer } from '../console-server.js'
import { fillSignIn, goTo, openAt, sharedBrowser } from './browser.js'

const RULES = 'owners/acme.example/rules'

interface Rule {
  readonly name: string
  readonly comment?: string
  readonly criteria: { readonly to: { readonly matchesAny: readonly string[] } }
}
interface List {
  readonly rules: readonly { readonly id: string; readonly rule: Rule; readonly etag: string }[]
}

let server: ConsoleServer
let client: Client
before(async () => {
  server = await startConsole()
  client = await server.signedIn('admin')
  await client.put('domains/acme.example', { enabled: true })
})
after(() => server[Symbol.asyncDispose]())

/** Makes rules of these names the only ones. */
async function withRules(...names: readonly string[]): Promise<void> {
  // A page that is still saving may change one that is about to go.
  for (;;) {
    const { rules } = (await client.get<List>(RULES)).body
    if (rules.length === 0) break
    for (const { id, etag } of rules) await client.delete(`${RULES}/${id}`, etag)
  }
  for (const name of names) {
    const criteria = { to: { matchesAny: [`${name.toLowerCase()}.example`] } }
    await client.post(RULES, { rule: { name, criteria, actions: { relayWithTls: { level: 'encrypt' } } } })
  }
}

async function names(): Promise<string[]> {
  return (await client.get<List>(RULES)).body.rules.map(({ rule }) => rule.name)
}

async function ruleAddress(): Promise<string> {
  const [first] = (await client.get<List>(RULES)).body.rules
  return `#/domains/acme.example/outgoing/${first?.id ?? ''}`
}

describe('the pages of rules', () => {
  const browser = sharedBrowser()

  it('change the order by keys, and say so', async () => {
    await withRules('One', 'Two', 'Three')
    const page = await browser.at(server, 'acme', '#/domains/acme.example/outgoing')
    await page.getByRole('button', { name: 'Move rule One' }).focus()
    await page.keyboard.press('ArrowDown')
    await page.getByText('Rule One is now number 2 of 3.').waitFor({ state: 'attached' })
    assert.deepEqual(await names(), ['Two', 'One', 'Three'])
    // The handle still has the focus, so that the next key goes on.
    await page.keyboard.press('ArrowDown')
    await page.getByText('Rule One is now number 3 of 3.').waitFor({ state: 'attached' })
    assert.deepEqual(await names(), ['Two', 'Three', 'One'])
  })

  it('change the order by dragging', async () => {
    await withRules('One', 'Two', 'Three')
    const page = await browser.at(server, 'acme', '#/domains/acme.example/outgoing')
    // All rows are in the window.
    await page.setViewportSize({ width: 1280, height: 1600 })
    const from = await page.getByRole('button', { name: 'Move rule Three' }).boundingBox()
    const to = await page.getByRole('button', { name: 'Move rule One' }).boundingBox()
    assert.ok(from && to)
    await page.mouse.move(from.x + 10, from.y + 10)
    await page.mouse.down()
    await page.mouse.move(from.x + 10, from.y - 20, { steps: 5 })
    await page.mouse.move(to.x + 10, to.y, { steps: 15 })
    await page.mouse.up()
    await page.getByText('Rule Three is now number 1 of 3.').waitFor({ state: 'attached' })
    assert.deepEqual(await names(), ['Three', 'One', 'Two'])
    const shown = await page.locator('.rule-row .row-link').allTextContents()
    assert.deepEqual(
      shown.map((each) => each.trim()),
      ['Three', 'One', 'Two'],
    )
  })

  it('take a pasted list of 500, and show three mistakes at the entries that have them', async () => {
    await withRules('One')
    const page = await browser.at(server, 'acme', await ruleAddress())
    const good = Array.from({ length: 497 }, (_, place) => `partner${place}.example`)
    const wrong = ['two@signs@x.example', 'group:nobody', 'under_score..example']
    const list = [...good.slice(0, 200), ...wrong, ...good.slice(200)].join('\n')
    const input = page.getByRole('textbox', { name: 'To matches any of' })
    await input.focus()
    await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(list)})`)
    await page.keyboard.press('ControlOrMeta+V')
    await page.getByText('3 entries are not saved.').first().waitFor()
    assert.equal(await page.locator('.chip-bad').count(), 3)
    for (const value of wrong) await page.getByRole('button', { name: `Edit ${value}` }).waitFor()
    await page.getByText(/names a group that does not exist/).waitFor()
    // One is corrected, the others go; then all is saved.
    await page.getByRole('button', { name: 'Edit two@signs@x.example' }).click()
    // A busy browser may answer the click after what comes next.
    await page.getByRole('button', { name: 'Edit two@signs@x.example' }).waitFor({ state: 'detached' })
    await input.fill('one@x.example')
    await input.press('Enter')
    for (const value of wrong.slice(1)) await page.getByRole('button', { name: `Remove ${value}` }).click()
    await page.getByText('All changes saved').waitFor()
    const [stored] = (await client.get<List>(RULES)).body.rules
    assert.deepEqual(stored?.rule.criteria.to.matchesAny, ['one.example', ...good, 'one@x.example'])
  })

  it('make an address of a display name, and say what is meant by a value that matches nobody', async () => {
    await withRules('One')
    const page = await browser.at(server, 'acme', await ruleAddress())
    const input = page.getByRole('textbox', { name: 'To matches any of' })
    await input.focus()
    await page.keyboard.type('First Bank <cfo@bank.example> ')
    await page.getByRole('button', { name: 'Remove cfo@bank.example' }).waitFor()
    await page.keyboard.type('"jane doe"@bank.example ')
    await page.getByRole('button', { name: 'Remove "jane doe"@bank.example' }).waitFor()
    await page.keyboard.type('*@clinic.example ')
    await page.getByText(/would match nothing; write clinic\.example for the domain/).waitFor()
    await page.getByRole('button', { name: 'Use clinic.example' }).click()
    await page.getByRole('button', { name: 'Remove clinic.example', exact: true }).waitFor()
    await page.getByText('All changes saved').waitFor()
    const [stored] = (await client.get<List>(RULES)).body.rules
    assert.deepEqual(stored?.rule.criteria.to.matchesAny, [
      'one.example',
      'cfo@bank.example',
      '"jane doe"@bank.example',
      'clinic.example',
    ])
  })

  it('show two people who change one rule what the other did, and lose neither change', async () => {
    await withRules('One')
    const window = await browser.window()
    const mine = await openAt(window, server, 'admin', await ruleAddress())
    await mine.getByText('All changes saved').waitFor()
    const other = await browser.at(server, 'acme', await ruleAddress())
    await other.getByLabel('Comment').fill('as agreed with the bank')
    // "All changes saved" stands there before the change too: the answer is what tells.
    const saved = answerToPut(other, 200)
    await other.getByLabel('Comment').blur()
    await saved
    await assertStored(({ comment }) => comment === 'as agreed with the bank')

    await mine.getByLabel('Name', { exact: true }).fill('First')
    await mine.getByLabel('Name', { exact: true }).blur()
    const dialog = mine.getByRole('dialog', { name: 'This rule was changed while you were editing' })
    await dialog.getByText('as agreed with the bank').waitFor()
    await dialog.getByText('One → First').waitFor()
    await dialog.getByText(/^acme changed it/).waitFor()
    const applied = answerToPut(mine, 200)
    await dialog.getByRole('button', { name: 'Apply my changes again' }).click()
    await applied
    await dialog.waitFor({ state: 'detached' })
    await assertStored(({ name, comment }) => name === 'First' && comment === 'as agreed with the bank')
  })

  it('open a tab that was pressed, though it moves away before the button is up', async () => {
    await withRules('One')
    const page = await browser.at(server, 'admin', await ruleAddress())
    const tab = page.getByRole('tab', { name: 'Actions' })
    await tab.hover()
    await page.mouse.down()
    await page.mouse.move(1, 1)
    await page.mouse.up()
    await page.getByRole('tab', { name: 'Actions', selected: true }).waitFor()
  })

  it('say that all is saved only once nothing is typed, being looked at, or left out', async () => {
    await withRules('One')
    const window = await browser.window()
    const page = await openAt(window, server, 'acme', await ruleAddress())
    const saved = page.getByText('All changes saved')
    await saved.waitFor()
    await page.getByLabel('Comment').pressSequentially('as')
    await page.getByText('Not saved yet …').waitFor()
    await page.getByLabel('Comment').blur()
    await saved.waitFor()
    let answer = (): void => undefined
    const held = new Promise<void>((resolve) => (answer = resolve))
    await page.route('**/validate', async (route) => {
      await held
      await route.continue()
    })
    const input = page.getByRole('textbox', { name: 'To matches any of' })
    await input.pressSequentially('late.example')
    await page.getByText('Not saved yet …').waitFor()
    await input.press('Enter')
    await page.getByText('Checking entries …').waitFor()
    assert.equal(await saved.count(), 0)
    answer()
    await page.getByRole('button', { name: 'Remove late.example' }).waitFor()
    await saved.waitFor()
    // What can't be looked at stays, though something else is being typed by then.
    await page.unroute('**/validate')
    await page.route('**/validate', (route) => route.abort())
    await input.pressSequentially('lost.example')
    await input.press('Enter')
    await page.getByRole('button', { name: 'Edit lost.example' }).waitFor()
    await page.getByText('1 entry is not saved.').waitFor()
    await page.unroute('**/validate')
    await page.getByRole('button', { name: 'Check again' }).click()
    await page.getByRole('button', { name: 'Remove lost.example' }).waitFor()
    await saved.waitFor()
    await assertStored(
      ({ criteria }) => criteria.to.matchesAny.join() === 'one.example,late.example,lost.example',
    )
  })

  it('let a viewer look, and change nothing', async () => {
    await withRules('One', 'Two')
    const page = await browser.at(server, 'viewer', '#/domains/acme.example/outgoing')
    await page.getByText('Read-only: your role can view but not change this.').waitFor()
    await page.getByText('Rule One: off').waitFor()
    assert.equal(await page.getByRole('button', { name: /^Move rule/ }).count(), 0)
    assert.equal(await page.getByRole('button', { name: 'Create' }).count(), 0)
    await goTo(page, await ruleAddress())
    await page.getByRole('heading', { name: 'One' }).waitFor()
    await page.getByText('To matches any of').waitFor()
    assert.equal(await page.getByRole('textbox').count(), 0)
    assert.equal(await page.getByRole('button', { name: 'Delete this rule' }).count(), 0)
    await page.getByRole('tab', { name: 'Try it out' }).click()
    await page.getByRole('button', { name: 'Show what happens' }).click()
    await page.getByText('Decided by “One”.').waitFor()
    await page.getByText('is for those who may change this rule').waitFor()
  })

  it('do not show the domain of others', async () => {
    await withRules('One')
    const page = await browser.at(server, 'other', '#/domains/acme.example/outgoing')
    await page.getByText('Owner "acme.example" not found, or not visible to you.').waitFor()
  })

  it('keep what was typed when the session ends, and go on where one was', async () => {
    await withRules('One')
    const window = await browser.window()
    const page = await openAt(window, server, 'acme', await ruleAddress())
    await page.getByText('All changes saved').waitFor()
    // What the page still asks for would end its session before anything is typed.
    await page.waitForLoadState('networkidle')
    await window.clearCookies()
    await page.getByLabel('Name', { exact: true }).fill('Not lost')
    await page.getByLabel('Name', { exact: true }).blur()
    await page.getByText('Your session has ended.').waitFor()
    await fillSignIn(page, 'acme')
    await page.getByRole('heading', { name: 'Not lost' }).waitFor()
    await page.getByText('All changes saved').waitFor()
    await assertStored(({ name }) => name === 'Not lost')
  })
})

async function answerToPut(page: Page, status: number): Promise<void> {
  await page.waitForResponse((answer) => answer.request().method() === 'PUT' && answer.status() === status)
}

async function assertStored(holds: (rule: Rule) => boolean): Promise<void> {
  const [stored] = (await client.get<List>(RULES)).body.rules
  assert.ok(stored && holds(stored.rule), JSON.stringify(stored))
}
