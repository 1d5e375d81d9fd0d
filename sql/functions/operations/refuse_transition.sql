-- The last guard behind the functions that move states: a table refuses a move that its state machine does
-- not have, whoever asks. Arguments: the column, then every allowed move as `from>to`.
CREATE OR REPLACE FUNCTION refuse_transition() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE
    v_move text := (to_jsonb(OLD) ->> TG_ARGV[0]) || '>' || (to_jsonb(NEW) ->> TG_ARGV[0]);
BEGIN
    FOR i IN 1 .. TG_NARGS - 1 LOOP
        IF TG_ARGV[i] = v_move THEN
            RETURN NEW;
        END IF;
    END LOOP;
    RAISE EXCEPTION '%: no such move: %', TG_TABLE_NAME, v_move USING ERRCODE = 'integrity_constraint_violation';
END
$$;
