// `fermyon:spin/variables@2.0.0` from environment variables with a prefix.

function get(name) {
  const upper = name.toUpperCase();
  const value = process.env[upper.startsWith('VECTRA_') ? upper : `VECTRA_${upper}`];
  if (value === undefined) throw { tag: 'undefined', val: name };
  return value;
}

export const variables = { get };
