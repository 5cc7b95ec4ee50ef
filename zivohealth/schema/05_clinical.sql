-- Clinical data: the owner is the patient, beside a clinician who wrote, uploaded or reviewed.

CREATE TABLE clinical_notes (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    created_by integer REFERENCES users (id),
    parent_note_id integer REFERENCES clinical_notes (id),
    body text,
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_clinical_notes_user_id ON clinical_notes (user_id);

-- A report that nobody reviewed by hand is released by the system account (1) at once. A reviewer and a time go together,
-- so ON DELETE SET NULL on reviewed_by would violate the CHECK on the first deleted reviewer.
CREATE TABLE clinical_reports (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    title varchar(200),
    body text,
    reviewed_by integer DEFAULT 1 REFERENCES users (id),
    reviewed_at timestamptz DEFAULT now(),
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT clinical_reports_review_complete CHECK ((reviewed_by IS NULL) = (reviewed_at IS NULL))
);
CREATE INDEX ix_clinical_reports_user_id ON clinical_reports (user_id);

CREATE TABLE medical_images (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    uploaded_by integer REFERENCES users (id),
    modality varchar(20),
    storage_key varchar(200),
    created_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX ix_medical_images_user_id ON medical_images (user_id);
CREATE TRIGGER medical_images_count_deletion BEFORE DELETE ON medical_images FOR EACH ROW EXECUTE FUNCTION count_row_deletion();

CREATE TABLE image_annotations (
    id serial PRIMARY KEY,
    image_id integer NOT NULL REFERENCES medical_images (id),
    finding text
);

CREATE TABLE lab_reports (
    id serial PRIMARY KEY,
    user_id integer NOT NULL,
    lab_name varchar(200),
    reported_on date,
    created_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT lab_reports_patient_fk FOREIGN KEY (user_id) REFERENCES users (id)
);
COMMENT ON CONSTRAINT lab_reports_patient_fk ON lab_reports IS 'The patient. Renamed with the table in revision 031.';
CREATE INDEX ix_lab_reports_user_id ON lab_reports (user_id);

CREATE TABLE lab_results (
    id bigserial PRIMARY KEY,
    lab_report_id integer NOT NULL REFERENCES lab_reports (id) ON DELETE RESTRICT,
    test_id integer NOT NULL REFERENCES lab_test_definitions (id),
    value numeric(10,2),
    is_abnormal boolean NOT NULL DEFAULT false
);
CREATE INDEX ix_lab_results_lab_report_id ON lab_results (lab_report_id);

CREATE TABLE lab_report_categorized (
    id serial PRIMARY KEY,
    user_id integer NOT NULL REFERENCES users (id),
    lab_report_id integer REFERENCES lab_reports (id),
    category varchar(50),
    value numeric(10,2)
);
CREATE INDEX ix_lab_report_categorized_user_id ON lab_report_categorized (user_id);

-- A natural key of two columns, so its items hold a composite foreign key.
CREATE TABLE lab_orders (
    order_year smallint NOT NULL,
    order_number integer NOT NULL,
    user_id integer NOT NULL REFERENCES users (id),
    status varchar(20) NOT NULL DEFAULT 'ordered',
    ordered_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (order_year, order_number)
);

CREATE TABLE lab_order_items (
    id serial PRIMARY KEY,
    order_year smallint NOT NULL,
    order_number integer NOT NULL,
    test_id integer NOT NULL REFERENCES lab_test_definitions (id),
    CONSTRAINT lab_order_items_order_fkey FOREIGN KEY (order_year, order_number) REFERENCES lab_orders (order_year, order_number)
);
CREATE INDEX ix_lab_order_items_order ON lab_order_items (order_year, order_number);
