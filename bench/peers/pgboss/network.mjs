// Messages with pg-boss, with the settings that made it fastest: `network.mjs PART URL COUNT`.
// Says `ready`, waits for a line, works, prints figures, says `done`.
import readline from 'node:readline';
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';

// The packages lie beside the first argument, not beside this file.
const [modules, part, url, counted] = process.argv.slice(2);
const require = createRequire(modules);
const pg = require('pg');
const { PgBoss } = await import(pathToFileURL(require.resolve('pg-boss')));

const count = Number(counted);
const SPAN = 3000;
// Seconds before waits are counted, and for how many they are.
const WARM = 1;
const LATE = 5;
const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const now = () => performance.now();
const pool = new pg.Pool({ connectionString: url, max: 40 });
await pool.query(`CREATE TABLE orders (number BIGINT PRIMARY KEY, body TEXT NOT NULL);
    CREATE TABLE effects (number BIGINT PRIMARY KEY);`);
const boss = new PgBoss({
  connectionString: url, max: 16, schedule: false, supervise: false, useListenNotify: true,
});
boss.on('error', (error) => console.error('pg-boss:', error.message));
await boss.start();
await boss.createQueue('placed', { notify: true });

let done = 0;
const applied = [];
const begun = [];

async function consume() {
  const settings = {
    transactional: true, batchSize: 100, localConcurrency: 4, burstWhenBatchFull: true,
    pollingIntervalSeconds: 0.5,
  };
  await boss.work('placed', settings, async (jobs, tx) => {
    for (const job of jobs) {
      const sql = 'INSERT INTO effects (number) VALUES ($1) ON CONFLICT DO NOTHING';
      await tx.executeSql(sql, [job.data.number]);
    }
    done += jobs.length;
    const at = now();
    for (const job of jobs) applied[job.data.number] = at;
  });
}

const data = (number) => ({ order: `order-${number % 1000}`, number });

async function place(number) {
  const client = await pool.connect();
  try {
    await client.query('BEGIN');
    await client.query("INSERT INTO orders VALUES ($1, 'an order')", [number]);
    const db = { executeSql: (text, values) => client.query(text, values) };
    await boss.send('placed', data(number), { db });
    await client.query('COMMIT');
  } finally {
    client.release();
  }
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
async function untilDone(wanted) {
  while (done < wanted) await pause(5);
}
async function ready() {
  console.log('ready');
  await lines.next();
}

if (part === 'backlog') {
  for (let first = 0; first < count; first += 1000) {
    const some = Array.from({ length: Math.min(1000, count - first) }, (_, at) => ({ data: data(first + at) }));
    await boss.insert('placed', some);
  }
  await ready();
  const begin = now();
  await consume();
  await untilDone(count);
  console.log(`rate ${count / (now() - begin) * 1000}`);
} else if (part === 'live') {
  await consume();
  await ready();
  const begin = now();
  let next = 0;
  const writers = Array.from({ length: count }, async () => {
    while (now() - begin < SPAN) await place(next++);
  });
  await Promise.all(writers);
  await untilDone(next);
  console.log(`rate ${next / (now() - begin) * 1000}`);
  console.log(`count ${next}`);
} else {
  await consume();
  await ready();
  const begin = now();
  const placing = [];
  const all = count * (WARM + LATE);
  for (let number = 0; number < all; number += 1) {
    const wait = begin + number * 1000 / count - now();
    if (wait > 0) await pause(wait);
    begun[number] = now();
    placing.push(place(number));
  }
  await Promise.all(placing);
  await untilDone(all);
  const waits = begun.map((at, number) => applied[number] - at).slice(count * WARM);
  waits.sort((a, b) => a - b);
  console.log(`count ${all}`);
  console.log(`p50 ${waits[Math.floor((waits.length - 1) / 2)]}`);
  console.log(`p99 ${waits[Math.floor((waits.length - 1) * 0.99)]}`);
}
console.log('done');
await lines.next();
process.exit(0);
