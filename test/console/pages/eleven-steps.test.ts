/** The way through the pages that people know, in a real Haraka, and what the rule then does to a message. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { hashPassword } from '../../../plugins/enforce-tls/console/auth/password.js'
import { freePort } from '../../support/free-port.js'
import { startHaraka } from '../../support/haraka.js'
import { startRedis } from '../../support/redis-server.js'
import { startPeer } from '../../support/smtp-peer.js'
import { sharedBrowser } from './browser.js'
import { Hand } from './by-hand.js'

const PASSWORD = 'correct horse battery'

describe('the eleven steps', () => {
  const browser = sharedBrowser()

  it('lead from the sign-in to a rule that makes a message bounce', async (t) => {
    await using redis = await startRedis()
    const user = { role: 'admin', domains: [], password: await hashPassword(PASSWORD), changedAt: 'now' }
    await redis.cli('HSET', 'enforce-tls:users', 'admin', JSON.stringify(user))
    await redis.cli('HSET', 'enforce-tls:domains', 'acme.example', '{"enabled":true}')
    await using bank = await startPeer({ starttls: false })
    await using acme = await startPeer()
    const port = await freePort()
    await using haraka = await startHaraka({
      config: {
        'enforce-tls.ini': `[redis]\nport=${redis.port}\n[console]\nenabled=true\n`,
        'http.ini': `listen=127.0.0.1:${port}\n`,
      },
      routes: { 'bank.example': [bank.route()], 'acme.example': [acme.route()] },
    })
    await haraka.until(() => haraka.log.includes('the console is at /enforce-tls/'), 'the console')
    await haraka.send({ from: 'ann@acme.example', to: 'before@bank.example' })
    await bank.waitForMessages(1)

    const page = await (await browser.window()).newPage()
    const hand = new Hand(page)
    await page.goto(`http://127.0.0.1:${port}/enforce-tls/`)
    await page.getByLabel('User').waitFor()
    await hand.type('admin')
    await hand.type(PASSWORD, page.getByLabel('Password'))
    await hand.click(page.getByRole('button', { name: 'Sign in' }))
    await hand.click(page.getByRole('link', { name: 'acme.example' }))
    await hand.click(page.getByRole('link', { name: 'Message rules', exact: true }))
    await hand.click(page.getByRole('link', { name: 'Outgoing' }))
    await hand.type('Enforced TLS to First Bank', page.getByLabel('Name of the new rule'))
    await hand.click(page.getByRole('button', { name: 'Create' }))
    await hand.click(page.getByRole('button', { name: '+ To' }))
    await hand.type('bank.example')
    await hand.click(page.getByRole('tab', { name: 'Actions' }))
    await page.getByText('No action chosen yet.').waitFor()
    await hand.click(page.getByRole('switch', { name: 'Relay with TLS Encryption' }))
    await page.getByText('All changes saved').waitFor()
    await hand.click(page.getByRole('link', { name: 'Back to rules' }))
    const ruleSwitch = page.getByRole('switch', { name: 'Rule Enforced TLS to First Bank' })
    assert.equal(await ruleSwitch.getAttribute('aria-checked'), 'false')
    await hand.click(ruleSwitch)
    const dialog = page.getByRole('dialog', { name: 'Switch on rule Enforced TLS to First Bank?' })
    await dialog
      .getByText(/^It would be on: mail from acme\.example to bank\.example leaves over TLS/)
      .waitFor()
    await dialog.getByText('1 of 1 checked. 1 of 1 would bounce.').waitFor()
    await hand.click(dialog.getByRole('button', { name: 'Switch on' }))
    await page.getByRole('switch', { name: 'Rule Enforced TLS to First Bank', checked: true }).waitFor()
    const { clicks, keys, seconds } = hand.taken
    t.diagnostic(`by hand: ${clicks} clicks and ${keys} keys, ${seconds.toFixed(1)} s`)
    assert.ok(seconds < 60, `${seconds} s`)

    await haraka.send({ from: 'ann@acme.example', to: 'after@bank.example' })
    const [bounce] = await acme.waitForMessages()
    assert.match(bounce?.data ?? '', /could not establish a TLS connection/)
    assert.equal(bank.messages.length, 1)
  })
})
