/** Why a message was not sent, in Spanish: the cause, what the servers failed for, and what is required. */
import { listed, says } from './es-failures.js'
import { gatewayFault } from './grammar.js'
import type { Demand, Result, RuleName, Servers } from './types.js'

/** Behind "porque"; empty for nothing. */
export function causeOf({ fate, problem, several, gateway }: Result): string {
  const now = fate === 'delayed' ? ' en este momento' : ''
  switch (problem) {
    case 'encryption':
      return several
        ? `los servidores de correo del destinatario no pueden recibirlo cifrado${now}`
        : `el servidor de correo del destinatario no puede recibirlo cifrado${now}`
    case 'certificate':
      return several
        ? 'no se han podido verificar los certificados de los servidores de correo del destinatario'
        : 'no se ha podido verificar el certificado del servidor de correo del destinatario'
    case 'server':
      return several
        ? 'no se han podido verificar los servidores de correo del destinatario'
        : 'no se ha podido verificar el servidor de correo del destinatario'
    case 'look-up':
      return several
        ? 'no se han podido localizar de forma segura los servidores de correo del destinatario'
        : 'no se ha podido localizar de forma segura el servidor de correo del destinatario'
    case 'mixed':
      return several
        ? 'ninguno de los servidores de correo del destinatario se ha podido usar con la seguridad exigida'
        : 'el servidor de correo del destinatario no se ha podido usar con la seguridad exigida'
    case 'ours':
      return `este sistema de correo no puede enviarlo con la seguridad exigida${now}`
    case 'gateway':
      return `la pasarela por la que debe ir ${says[gatewayFault(gateway)]}`
    case 'rejected':
      if (gateway) return 'la pasarela por la que se ha enviado lo ha rechazado'
      return several
        ? 'los servidores de correo del destinatario lo rechazaron'
        : 'el servidor de correo del destinatario lo rechazó'
    case 'given-up':
      return 'un administrador de correo ha puesto fin a los intentos'
    case 'other':
      return ''
  }
}

/** What the servers failed for, as one sentence. */
export function reasonOf({ problem, domain, hosts, failure }: Servers): string {
  const several = hosts.length > 1
  const servers = several ? 'Los servidores receptores' : 'El servidor receptor'
  const named = hosts.length === 0 ? `${servers} de ${domain}` : `${servers} ${listed(hosts)} de ${domain}`
  switch (problem) {
    case 'encryption':
      return `${named} no ${several ? 'han' : 'ha'} podido establecer una conexión TLS.`
    case 'certificate':
      return several
        ? `${named} tienen certificados que no se han podido verificar.`
        : `${named} tiene un certificado que no se ha podido verificar.`
    case 'ours':
      return `No se ha contactado con ${several ? 'los servidores receptores' : 'el servidor receptor'}${hosts.length === 0 ? '' : ` ${listed(hosts)}`} de ${domain} porque los ajustes de TLS de este sistema no se pueden usar.`
    case 'mixed':
      return `${named} no se ${several ? 'han' : 'ha'} podido usar con la seguridad exigida.`
    default:
      return `${named} ${failure ? says[failure] : `no se ${several ? 'han' : 'ha'} podido verificar`}.`
  }
}

/** What is required, as one sentence. */
export function demandOf(demand: Demand): string {
  const what = demandedBy(demand)
  switch (demand.asker) {
    case 'rules':
      return byRules(demand.rules, what)
    case 'sender':
      return `Es el propio mensaje el que exige ${what}: se ha enviado con REQUIRETLS, es decir, con una petición de cifrado en todo el trayecto. Ninguna regla lo exige.`
    case 'both':
      return `${byRules(demand.rules, what)} También lo exige el propio mensaje: se ha enviado con REQUIRETLS, es decir, con una petición de cifrado en todo el trayecto.`
  }
}

function byRules(rules: Demand['rules'], what: string): string {
  if (rules.length === 0) return `Este sistema de correo exige ${what} para este mensaje.`
  return rules.length === 1
    ? `La regla ${rulesIn(rules)} exige ${what}.`
    : `Las reglas ${rulesIn(rules)} exigen ${what}.`
}

const SOURCES = {
  dane: 'por registros DANE en el DNS',
  'mta-sts': 'por una política MTA-STS',
  any: 'por registros DANE en el DNS o por una política MTA-STS',
} as const

function demandedBy({ of, sources, whereThereIsAny }: Demand): string {
  switch (of) {
    case 'onward':
      return 'un servidor que prometa reenviar el mensaje cifrado'
    case 'encryption':
      return 'una conexión así'
    case 'settings':
      return 'esos ajustes'
    case 'certificate':
      return 'un certificado verificado'
    case 'dane-certificate':
      return 'uno que confirmen los registros DANE del servidor'
    case 'sts-certificate':
      return 'uno que se ajuste a la política MTA-STS del dominio'
    case 'tls':
      return 'TLS'
    case 'verified-tls':
      return 'TLS con un servidor verificado'
    case 'published':
      return `un servidor confirmado ${sources.map((source) => SOURCES[source]).join(' y ')}${whereThereIsAny ? ', si los hay' : ''}`
  }
}

/** Rules by name, each with whose it is. */
export function rulesIn(rules: readonly RuleName[]): string {
  return listed(rules.map(({ name, owner }) => `«${name}» de ${owner ?? 'este sistema de correo'}`))
}
