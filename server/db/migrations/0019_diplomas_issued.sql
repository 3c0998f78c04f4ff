-- The order in which the register is listed, page by page.
create index diplomas_issued on diplomas (issued_at desc, ref desc);
