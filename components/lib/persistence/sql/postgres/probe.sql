SELECT Outcome, Recorded, Until
FROM VectraLedgerRecordV5($1::text::uuid, $2::text::uuid, $3::bigint::integer, $4::text,
  $5::text, $6::text, $7::text, $8::double precision, $9::text::timestamptz, $10::text::uuid,
  $11::text, $12::text::timestamptz, $13::text::timestamptz, $14::bigint, $15::double precision,
  $16::double precision, $17::bigint, $18::bigint, $19::text::uuid, $20::text, $21::text,
  $22::text, $23::text, $24::text, $25::bytea, $26::text::timestamptz, $27::text::timestamptz,
  $28::double precision, $29::text, $30::text, $31::text::timestamptz, $32::text::timestamptz)
