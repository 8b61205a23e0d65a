import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { connect } from 'node:net';
import { lastLines } from './tools.mjs';

/** Every process that may still run; whatever ends this one must not leave any behind. */
const running = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/**
 * One service as a process: started, paused, killed, started again on the same configuration, its output in a file.
 */
export class ServiceProcess {
  /** How the last process ended (exit code or signal); undefined while one runs and before the first. */
  exit;
  #child;
  #ended = Promise.resolve();

  /**
   * @param {string} name as it is called in messages
   * @param {{ dir: string, outputFile: string }} where `dir`: working folder and home
   */
  constructor(name, { dir, outputFile }) {
    this.name = name;
    this.dir = dir;
    this.outputFile = outputFile;
    /** @type {[program: string, arguments: string[]]} may be changed between two starts */
    this.command = undefined;
  }

  get isRunning() {
    return this.#child !== undefined;
  }

  /** Of the running process. @returns {number | undefined} */
  get pid() {
    return this.#child?.pid;
  }

  /** Starts a process; {@link until} tells when it can be used. */
  launch() {
    const output = openSync(this.outputFile, 'a');
    const [program, programArguments] = this.command;
    const child = spawn(program, programArguments, {
      cwd: this.dir,
      stdio: ['ignore', output, output],
      // Nothing of the caller's settings may leak into the service.
      env: { PATH: process.env.PATH, HOME: this.dir },
    });
    closeSync(output);
    running.add(child);
    this.#child = child;
    this.exit = undefined;
    this.#ended = new Promise((resolve) => {
      const finish = (exit) => {
        running.delete(child);
        this.#child = undefined;
        this.exit = exit;
        resolve();
      };
      child.on('error', (error) => finish(error.message));
      child.on('exit', (code, signal) => finish(signal ?? `exit code ${code}`));
    });
  }

  /** Ends the process at once, as a crash would, and waits until it is gone. */
  async kill9() {
    this.#child?.kill('SIGKILL');
    await this.#ended;
  }

  /**
   * Ends the process with SIGTERM and waits until it is gone; nothing happens when there is none.
   *
   * @param {number} limitMs then it is killed
   * @returns {Promise<string | undefined>} a complaint when it had to be killed
   */
  async stop(limitMs) {
    if (!this.#child) return undefined;
    let complaint;
    this.#child.kill('SIGTERM');
    const timer = setTimeout(() => {
      complaint = `${this.name} did not stop within ${limitMs} ms of SIGTERM`;
      this.#child?.kill('SIGKILL');
    }, limitMs);
    await this.#ended;
    clearTimeout(timer);
    return complaint;
  }

  /** SIGSTOP: it keeps its sockets and answers nothing, until {@link resume}. */
  pause() {
    this.#child?.kill('SIGSTOP');
  }

  resume() {
    this.#child?.kill('SIGCONT');
  }

  /**
   * Waits until something holds while the process runs.
   *
   * @param {() => Promise<boolean>} condition a rejection counts as false
   * @param {{ what: string, limitMs: number }} options `what`: how a message names the condition
   * @throws when the process ends, or the time does; the end of its output is in the message
   */
  async until(condition, { what, limitMs }) {
    const deadlineMs = Date.now() + limitMs;
    while (!(await condition().catch(() => false))) {
      if (this.exit !== undefined) {
        throw new Error(`${this.name} ended (${this.exit})\n${lastLines(this.outputFile)}`);
      }
      if (Date.now() > deadlineMs) {
        const said = lastLines(this.outputFile);
        throw new Error(`waited ${limitMs} ms until ${this.name} ${what}\n${said}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}

/** Whether somebody listens there. @param {{ host: string, port: number }} address */
export function accepts(address) {
  return new Promise((resolve) => {
    const socket = connect(address);
    socket.once('connect', () => socket.destroy());
    socket.once('close', (failed) => resolve(!failed));
    socket.once('error', () => {});
  });
}
