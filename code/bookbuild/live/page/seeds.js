// The seed of a cell: `SEED = 42` or the number in `default_rng(42)`, the first of the two.

const SEED = /^(SEED\s*=\s*)(\d+)\b|\b(default_rng\()(\d+)(?=\))/m;

export function seedOf(code) {
  const [, , named, , drawn] = SEED.exec(code) ?? [];
  return named ?? drawn ? Number(named ?? drawn) : null;
}

export function withSeed(code, seed) {
  return code.replace(SEED, (_, named = "", __, drawn = "") => `${named || drawn}${seed}`);
}
