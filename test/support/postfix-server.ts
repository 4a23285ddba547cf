/**
 * Debian's Postfix as a receiving server that delivers into one maildir; `master` in the foreground, without
 * any part of the machine's own mail system. It starts only for root.
 */
import { join } from 'node:path'
import {
  CLIENT_AUTHORITY,
  startRealPeer,
  type RealPeer,
  type RealPeerOptions,
  type ServerKind,
} from './real-peer.js'

const [POSTFIX, POSTDROP, NOBODY] = [61_001, 61_002, 61_003]

/** What Postfix expects to be there when it starts. */
const QUEUES = ['active', 'bounce', 'corrupt', 'defer', 'deferred', 'flush', 'hold', 'incoming', 'maildrop']
const SOCKETS = ['private', 'public', 'saved', 'trace', 'pid']

const SERVICES = [
  'cleanup   unix       n - n -     0 cleanup',
  'qmgr      unix       n - n 300   1 qmgr',
  'tlsmgr    unix       - - n 1000? 1 tlsmgr',
  'rewrite   unix       - - n -     - trivial-rewrite',
  'bounce    unix       - - n -     0 bounce',
  'defer     unix       - - n -     0 bounce',
  'trace     unix       - - n -     0 bounce',
  'error     unix       - - n -     - error',
  'retry     unix       - - n -     - error',
  'virtual   unix       - n n -     - virtual',
  'proxymap  unix       - - n -     - proxymap',
  'anvil     unix       - - n -     1 anvil',
  'postlog   unix-dgram n - n -     1 postlogd',
]

/** A receiving Postfix. */
export const POSTFIX_KIND: ServerKind = {
  name: 'Postfix',
  package: 'postfix',
  accounts: [
    { name: 'postfix', id: POSTFIX },
    { name: 'postdrop', id: POSTDROP },
    { name: 'nobody', id: NOBODY },
  ],
  folders: ['data', 'mail', ...[...QUEUES, ...SOCKETS].map((name) => join('queue', name))],
  logFile: 'log',
  mailbox: join('mail', 'all'),
  // Logged instead of refused, so that the log tells of the slip and the message arrives.
  mailInTheClear: /reject_warning: MAIL .* Session encryption is required/,
  taken: /postfix\/smtpd\[\d+\]: [0-9A-Za-z]+: client=/,
  config: (place) => {
    const {
      root,
      folder,
      port,
      hostname,
      certificate,
      onlyVersion,
      keyFile,
      certificateFile,
      clientAuthority,
    } = place
    const programs = join(root, 'usr/lib/postfix')
    return {
      'main.cf': parameters({
        compatibility_level: '3.6',
        myhostname: hostname,
        mydestination: '',
        inet_interfaces: '127.0.0.1',
        inet_protocols: 'ipv4',
        queue_directory: join(folder, 'queue'),
        data_directory: join(folder, 'data'),
        daemon_directory: join(programs, 'sbin'),
        command_directory: join(root, 'usr/sbin'),
        shlib_directory: programs,
        meta_directory: folder,
        mail_owner: 'postfix',
        setgid_group: 'postdrop',
        default_privs: 'nobody',
        maillog_file: join(folder, 'log'),
        maillog_file_prefixes: folder,
        import_environment: 'MAIL_CONFIG LD_LIBRARY_PATH LD_PRELOAD NSS_WRAPPER_PASSWD NSS_WRAPPER_GROUP',
        alias_maps: '',
        alias_database: '',
        local_recipient_maps: '',
        virtual_mailbox_domains: 'static:all',
        virtual_mailbox_maps: 'static:all/',
        virtual_mailbox_base: join(folder, 'mail'),
        virtual_uid_maps: `static:${POSTFIX}`,
        virtual_gid_maps: `static:${POSTFIX}`,
        smtpd_peername_lookup: 'no',
        smtpd_relay_restrictions: 'reject_unauth_destination',
        smtpd_delay_reject: 'no',
        smtpd_sender_restrictions: 'warn_if_reject reject_plaintext_session',
        smtpd_tls_security_level: certificate ? 'may' : 'none',
        smtpd_tls_received_header: 'yes',
        smtpd_tls_loglevel: '1',
        ...(certificate && { smtpd_tls_chain_files: `${keyFile} ${certificateFile}` }),
        // Certificates are asked for only where TLS is required.
        ...(clientAuthority !== undefined && {
          smtpd_tls_security_level: 'encrypt',
          smtpd_tls_req_ccert: 'yes',
          smtpd_tls_CAfile: join(folder, CLIENT_AUTHORITY),
        }),
        ...(onlyVersion && { smtpd_tls_protocols: `>=${onlyVersion}, <=${onlyVersion}` }),
      }),
      'master.cf': [`127.0.0.1:${port} inet n - n - - smtpd`, ...SERVICES, ''].join('\n'),
    }
  },
  command: ({ root, folder }) => ({
    command: join(root, 'usr/lib/postfix/sbin/master'),
    args: ['-d', '-c', folder],
  }),
}

/** Why Postfix can't run here, or false. */
export function postfixImpossible(): string | false {
  return process.getuid?.() === 0 ? false : 'Postfix starts only for root'
}

export async function startPostfix(options: RealPeerOptions): Promise<RealPeer> {
  return await startRealPeer(POSTFIX_KIND, options)
}

function parameters(values: Readonly<Record<string, string>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('')
}
